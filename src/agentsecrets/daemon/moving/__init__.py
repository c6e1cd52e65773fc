"""Moving a vault from one user's state folder into another's: one process of each user, and a socket pair between them.

The giver holds its folder locked, sends the sealed files, and removes them only when the taker has said which bytes it has put in force.
No process reads or writes in a folder of another user.
"""

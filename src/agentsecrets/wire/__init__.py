"""What leaves a process: header names, failures as JSON, control-plane messages, call frames."""

//! The box's PID 1.

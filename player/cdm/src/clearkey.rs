//! ClearKey (W3C Encrypted Media Extensions §9.1).

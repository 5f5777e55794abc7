//! The box's A/B updates: boot state, signed bundles, and the agent that applies them.

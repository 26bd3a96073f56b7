# src/rust

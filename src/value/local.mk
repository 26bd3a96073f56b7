# src/value

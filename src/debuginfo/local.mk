# src/debuginfo

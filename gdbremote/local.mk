# gdbremote

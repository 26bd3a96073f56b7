# arch

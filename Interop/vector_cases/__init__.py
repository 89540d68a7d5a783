"""The cases of Vectors/kindred, one module a file. Everything follows from fixed labels: nothing is random."""

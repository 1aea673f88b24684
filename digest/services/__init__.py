"""The use cases: load, decide, store, call an adapter. The command line, the web and the jobs all call these."""

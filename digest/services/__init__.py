"""The use cases: load, decide, store, call an adapter. The command line, the web and the jobs all call these.

Each service is a class that gets a `Context` and the collaborators that it names; `bootstrap` makes them. Modules named
with a verb and its object (`collect_feeds`, `compose_edition`) hold the longer procedures that services call.
"""

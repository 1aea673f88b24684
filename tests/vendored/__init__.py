"""How the data of others that digest ships is made anew; each file's licence stands beside it."""

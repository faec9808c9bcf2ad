-- What follows is undone: settings go back, locks that reading definitions takes are given back.
SAVEPOINT kfmig_observe

"""Studies: one question, many trainings, an answer that says how sure it is.

specification   what a study asks, as people write it in TOML; checked
complaints      what is wrong with it, in one sentence
built_in        the worksheet's question, and others of its kind
streams         one root seed becomes independent streams: sample, initialisation, order
design          a specification becomes runs, paired and nested
networks        Keras models become what a worker is given; the only module here that imports Keras
remembered      what of them decides a run's key, kept on disk: a study that is over needs no Keras
training        one run, in a worker, without Keras
places          where runs are done: processes of this machine, or a Dask cluster
running         runs that are missing are done, kept, and retried once
results         rows of a store become arrays
answer          arrays become an answer: effects, intervals, ranks
conclusion      what can be said of one contrast, in words
controls        what the controls of `--why` tell
verdict         the whole answer in words
words           what arms, contrasts and numbers are called
showing         the answer as tables
drawing         the answer as figures
exporting       the runs as a table for other programs
asking          a study from its question to its folder
comparing       two studies side by side
"""

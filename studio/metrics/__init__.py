"""Measures of samples against real data. Each names its estimator and its unit, and is tested against a closed form
or an independent library. Nothing is imported here: ``figures`` holds plain data that the window reads without torch.

figures.py     which measures there are and what each needs, as plain data; one measured number
compared.py    samples beside real examples, and all measures of them by name
measure.py     what is measured while a model trains: Wasserstein distances in one unit, their floors, modes
likelihood.py  log-likelihood of held-out examples, live and as a measure, by models that score one
sliced.py      sliced Wasserstein distance, by sorting
exact.py       exact Wasserstein distance between minibatches, by linear programming
swd.py         sliced Wasserstein distance of patches of a Laplacian pyramid, as ProGAN has it
mmd.py         maximum mean discrepancy, biased and unbiased
fidelity.py    Fréchet and kernel distance, score, precision and recall of any features (torch-fidelity)
inception.py   the Inception network of FID
weights.py     the file of its weights, as plain data
parzen.py      Parzen-window log-likelihood by the protocol of 2014
nearest.py     1-nearest-neighbour accuracy: of features, and between two sets
classifier.py  a small classifier trained on the dataset itself
coverage.py    which classes of the data the samples cover, as that classifier sees it
oscillation.py whether a generator goes round in circles
modes.py       how many modes of a mixture the samples reach, and how many samples are near one
"""

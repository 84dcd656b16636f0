"""The constraints panel: samples of a model beside samples of the same model under constraints."""

"""Tests of the Explore page, its widgets and the export sheet."""

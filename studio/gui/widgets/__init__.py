"""Small parts that several pages share: picture grids, curve plots, sliders. None knows a model or a page."""

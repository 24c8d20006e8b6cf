"""General helpers, independent of contracts and targets. They import nothing else of technogate."""

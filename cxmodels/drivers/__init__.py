"""Why do customers leave? What a model uses, and, apart from it, what would change if a driver changed."""

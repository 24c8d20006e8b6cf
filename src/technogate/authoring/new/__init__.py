"""A contract folder made from any OpenAPI document, with a question for each thing that OpenAPI cannot say."""

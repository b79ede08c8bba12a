A case without a step passes.

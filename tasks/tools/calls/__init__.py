"""The call store: every finished call of a model is kept by its content, so that no call is paid twice; and the money.

`key` says which calls are the same, `store` keeps them, `queries` looks into it, `prices` and `ledger` count and limit.
"""

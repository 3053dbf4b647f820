"""Evolve: problems out of a problem. Each mode says what follows for the answer; `tasks.compose` runs them.

    change    one call, another problem: MuggleMath's five modes, DotaMath's ten, a similar one
    deeper    several calls: suggester and editor, layers, ask me anything
    reverse   a number becomes the unknown: self-verification, FOBAR, BF-Trans
    perturb   distractor, missing premise, swapped question
    rewrite   paraphrase, persona, translation, multiple choice to open question
    culture   names, places and things of another region, by dictionary
"""

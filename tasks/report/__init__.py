"""Report: the facts of a run as one page that opens without network, and as a local site to read and flag records.

    facts        all that the page says, asked of the warehouse and of run.json
    mathematics  formulas as MathML
    page         facts -> HTML
    site         the local site
"""

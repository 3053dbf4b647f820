"""Report: the facts of a run as one page that opens without network, and as a local site to read and flag records.

    facts        all that the page says, asked of the warehouse and of run.json
    samples      records to be read: kept, rejected, in conflict, with their lineage
    charts       counts and intervals as SVG
    mathematics  formulas as MathML
    page         facts -> HTML
    shelf        filters, search and pages over a run's tables
    site         the local site
"""

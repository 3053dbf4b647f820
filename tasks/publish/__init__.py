"""Publishing on the Hugging Face Hub: a draft folder is made of a run or a set, and sent there as one commit.

`sources` is what the runs tell, `draft` the folder as the Hub will have it, `send` the way there.
"""

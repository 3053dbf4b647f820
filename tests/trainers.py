"""Trainers' own loaders on views, run by an interpreter that has TRL and verl: `PYTHON trainers.py FOLDER [--steps]`.

FOLDER holds a folder a view. What each loader made of it is printed as JSON; with `--steps` TRL's own trainers take
one step each, on a model of some thousand parameters drawn at random.
"""

import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", DO_NOT_TRACK="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1",
                  CUDA_VISIBLE_DEVICES="", TRL_EXPERIMENTAL_SILENCE="1", WANDB_DISABLED="true")
# As the chat templates of models do it: tools have turns of their own, and only the assistant's are learnt.
TEMPLATE = ("{% for message in messages %}{{ '<' + message['role'] + '>' }}{% if message['role'] == 'assistant' %}"
            "{% generation %}{{ message['content'] + '<end>' }}{% endgeneration %}{% else %}"
            "{{ message['content'] + '<end>' }}{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}")


def tokenizer():
    """Letters as tokens, so that nothing has to be fetched."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<end>", "<unk>", "<user>", "<assistant>", "<tool>"]
    letters = {text: number for number, text in enumerate([*special, *map(chr, [10, *range(32, 127)]), *"÷×°−–·π²³£€"])}
    made = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    found = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<end>", unk_token="<unk>",
                                    additional_special_tokens=special[3:])
    found.chat_template = TEMPLATE
    return found


def model(folder, vocabulary):
    """Where a language model of the smallest size lies."""
    from transformers import LlamaConfig, LlamaForCausalLM

    made = LlamaForCausalLM(LlamaConfig(
        vocab_size=vocabulary, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=4096, pad_token_id=0, eos_token_id=1, bos_token_id=1))
    made.save_pretrained(folder / "model")
    return str(folder / "model")


def rows(folder, view):
    import datasets

    return datasets.load_dataset(str(folder / view), cache_dir=str(folder / "cache"))["train"]


def by_trl(folder, known):
    """What TRL's helpers say of each view."""
    from trl import data_utils

    said = {}
    for view in known:
        data = rows(folder, view)
        if view == "sharegpt":
            said[view] = [message["role"] for message in data_utils.maybe_convert_to_chatml(data[0])["messages"]]
        elif view == "prm":
            said[view] = all(len(row["completions"]) == len(row["labels"]) > 0 for row in data)
        elif view == "dpo":
            apart = data_utils.unpair_preference_dataset(data.select_columns(["prompt", "chosen", "rejected"]))
            said[view] = [len(apart) == 2 * len(data), sorted(apart.column_names),
                          data_utils.is_conversational(data[0])]
        else:
            text = data_utils.apply_chat_template(dict(data[0]), tokenizer())
            said[view] = [data_utils.is_conversational(data[0]), sorted(set(text) & {"text", "prompt", "completion"})]
    return said


def masks(folder):
    """Of each row of tir: whether the template's mask of what is learnt is the view's own."""
    found = tokenizer()
    made = [found.apply_chat_template(row["messages"], tokenize=True, return_dict=True,
                                      return_assistant_tokens_mask=True) for row in rows(folder, "tir")]
    return agree(rows(folder, "tir"), [(one["input_ids"], one["assistant_masks"]) for one in made])


def agree(told, made):
    """Whether the tokens that are learnt, of pairs of ids and masks, are those that the view marks."""
    found, same = tokenizer(), []
    for row, (tokens, marks) in zip(told, made, strict=True):
        learnt = "".join(found.decode(token) for token, mark in zip(tokens, marks, strict=True) if mark)
        marked = [message["content"] for message, mark in zip(row["messages"], row["trained"], strict=True) if mark]
        same.append(learnt == "".join(text + "<end>" for text in marked))
    return all(same)


def by_verl(folder):
    """What verl's own data set makes of rl_verl."""
    from omegaconf import OmegaConf
    from verl.utils.dataset.rl_dataset import RLHFDataset

    files = sorted(map(str, (folder / "rl_verl" / "data").glob("train-*")))
    data = RLHFDataset(files, tokenizer(), OmegaConf.create({"cache_dir": str(folder / "cache"),
                                                             "filter_overlong_prompts_workers": 1}))
    row = data[0]
    return [len(data), sorted({"raw_prompt", "data_source", "reward_model", "extra_info", "index"} & set(row)),
            row["index"]]


def verl_masks(folder):
    """The same of verl's own loader of chats, which wants a transformers below 5.11."""
    from omegaconf import OmegaConf
    from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset

    files = sorted(map(str, (folder / "tir" / "data").glob("train-*")))
    data = MultiTurnSFTDataset(files, tokenizer(), OmegaConf.create({"max_length": 4096, "pad_mode": "no_padding"}))
    return agree(rows(folder, "tir"), [(row["input_ids"].tolist(), row["loss_mask"].tolist()) for row in data])


def steps(folder):
    """The loss of one step of each trainer."""
    import trl
    from trl.rewards import accuracy_reward

    plain = {"max_steps": 1, "report_to": "none", "use_cpu": True, "per_device_train_batch_size": 2,
             "save_strategy": "no", "disable_tqdm": True, "output_dir": str(folder / "out"),
             "gradient_checkpointing": False, "bf16": False}
    plans = {
        "sft": (trl.SFTTrainer, trl.SFTConfig, {"assistant_only_loss": True}, {}),
        "tir": (trl.SFTTrainer, trl.SFTConfig, {"assistant_only_loss": True}, {}),
        "dpo": (trl.DPOTrainer, trl.DPOConfig, {}, {}),
        "kto": (trl.KTOTrainer, trl.KTOConfig, {}, {}),
        "rl_trl": (trl.GRPOTrainer, trl.GRPOConfig, {"num_generations": 2, "max_completion_length": 8},
                   {"reward_funcs": accuracy_reward})}
    said = {}
    for view, (trainer, config, options, more) in plans.items():
        if (folder / view).is_dir():
            letters = tokenizer()
            made = trainer(model=model(folder, len(letters)), args=config(**plain, **options), processing_class=letters,
                           train_dataset=rows(folder, view), **more)
            said[view] = made.train().training_loss
    return said


if __name__ == "__main__":
    place = Path(sys.argv[1])
    views = sorted(path.parent.name for path in place.glob("*/manifest.json"))
    told = {"steps": steps(place)} if "--steps" in sys.argv else {"trl": by_trl(place, views)}
    if "--steps" not in sys.argv and "tir" in views:
        told["masks"] = masks(place)
    if "--verl" in sys.argv:
        told["verl"] = by_verl(place)
        try:
            told["verl_masks"] = verl_masks(place)
        except ImportError as error:
            told["verl_masks"] = str(error)
    print("\n" + json.dumps(told))

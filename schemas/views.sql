-- What can be asked of the runs: `mathmill query "…"` and every test of counts reads these views.
--
-- Before this file, tasks/tools/warehouse.py makes the sources, which exist even where no run does:
--   source.runs       one row a run folder, from its run.json; source.steps: one row a step of it
--   source.calls      one row a run, step and model, of the ledger in run.json
--   source.datasets   one row a data set: what a run exported, and the folders below data/datasets
--   source.published  the rows of all data sets, with `folder` and `split`
--   source.<table>    all shards of that table in all runs, with `folder`, the run's folder (types: schemas/records.py)
-- Every view carries `recipe` and `run_id`, so that runs can be told apart and joined. A view is made when a question
-- first names it, and so are the views and sources that it reads.

CREATE VIEW runs AS
SELECT recipe, run_id, state, size, seed, started, seconds, folder, parameters, manifest FROM source.runs;

-- What each task did: rows in, rows due, rows kept and rejected, rejections by rule, as the run noted them itself.
CREATE VIEW steps AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.steps t JOIN source.runs r USING (folder);

-- Calls to models: paid, found in the store (`hits`), tokens, and dollars, NULL where a price was unknown.
CREATE VIEW calls AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.calls t JOIN source.runs r USING (folder);

CREATE VIEW datasets AS
SELECT name, recipe, run_id, rows, folder, manifest FROM source.datasets;

-- `dataset` is the data set's name; `recipe` is what made the row, `run_id` the run that exported it.
CREATE VIEW published AS
SELECT d.name AS dataset, t.* EXCLUDE (folder), d.run_id
FROM source.published t JOIN source.datasets d USING (folder);

CREATE VIEW seeds AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.seeds t JOIN source.runs r USING (folder);

CREATE VIEW templates AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.templates t JOIN source.runs r USING (folder);

-- The templates again and their variants (a clause more, a clause less, bound in part), in runs that were asked for some.
CREATE VIEW variants AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id
FROM (FROM source.variants UNION ALL BY NAME FROM source.partial) t JOIN source.runs r USING (folder);

-- What a teacher was to write, in runs that have one: the mode, and what each problem started from.
CREATE VIEW briefs AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id
FROM (FROM source.briefs UNION ALL BY NAME FROM source.more_briefs) t JOIN source.runs r USING (folder);

CREATE VIEW concepts AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.concepts t JOIN source.runs r USING (folder);

CREATE VIEW problems AS
SELECT t.* EXCLUDE (folder, recipe), r.recipe, r.run_id
FROM (FROM source.problems UNION ALL BY NAME FROM source.more_problems) t JOIN source.runs r USING (folder);

-- With the tries of a student, and second thoughts on what was wrong.
CREATE VIEW solutions AS
SELECT t.* EXCLUDE (folder, recipe), r.recipe, r.run_id
FROM (FROM source.solutions UNION ALL BY NAME FROM source.tries
      UNION ALL BY NAME (FROM source.revised WHERE operation = 'revise')) t JOIN source.runs r USING (folder);

-- Of a claim by itself, and (`by_agreement`, `gold_audit`) by the vote of all that attempt its problem.
CREATE VIEW verdicts AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id
FROM (FROM source.verdicts UNION ALL BY NAME FROM source.votes UNION ALL BY NAME FROM source.try_verdicts
      UNION ALL BY NAME (FROM source.second_verdicts v ANTI JOIN source.verdicts USING (folder, id))) t
JOIN source.runs r USING (folder);

-- How many attempts at a problem passed, and the interval in which the true share lies.
CREATE VIEW rates AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.rates t JOIN source.runs r USING (folder);

-- Verified rows; `distinct_examples` and `clean` are what dedup and decontamination left of them.
CREATE VIEW examples AS
SELECT t.* EXCLUDE (folder, recipe), r.recipe, r.run_id FROM source.examples t JOIN source.runs r USING (folder);

CREATE VIEW distinct_examples AS
SELECT t.* EXCLUDE (folder, recipe), r.recipe, r.run_id FROM source.distinct t JOIN source.runs r USING (folder);

CREATE VIEW clean AS
SELECT t.* EXCLUDE (folder, recipe), r.recipe, r.run_id FROM source.clean t JOIN source.runs r USING (folder);

-- Pairs that ask the same and answer otherwise: one of the two is wrong. `kept` says whether `row_id` went on.
CREATE VIEW conflicts AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.conflicts t JOIN source.runs r USING (folder);

-- What `mathmill select` took.
CREATE VIEW selected AS
SELECT t.* EXCLUDE (folder, recipe), r.recipe, r.run_id FROM source.selected t JOIN source.runs r USING (folder);

-- What `mathmill verify` read: one row a solution, or a reference that has none.
CREATE VIEW claims AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.claims t JOIN source.runs r USING (folder);

-- One row a problem with several attempts: classes of equivalent answers, largest first, and the vote.
CREATE VIEW agreements AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.agreements t JOIN source.runs r USING (folder);

-- Cases whose truth is known by construction, and what the verifier said. They are in no other table and no export.
CREATE VIEW planted AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.planted t JOIN source.runs r USING (folder);

-- `step` is the table that the row did not enter.
CREATE VIEW rejections AS
SELECT t.* EXCLUDE (folder), r.recipe, r.run_id FROM source.rejections t JOIN source.runs r USING (folder);

-- Who came from whom: one row a child and parent. `kind` says what the child is, `step` the table in which it lies.
CREATE VIEW lineage AS
WITH children AS (
    SELECT id, parents, 'seed' AS kind, 'seeds' AS step, recipe, run_id FROM seeds
    UNION ALL SELECT id, parents, 'template', 'templates', recipe, run_id FROM templates
    UNION ALL SELECT id, parents, 'template', 'variants', recipe, run_id FROM variants WHERE mode <> 'base'
    UNION ALL SELECT id, parents, 'brief', 'briefs', recipe, run_id FROM briefs
    UNION ALL SELECT id, parents, 'concepts', 'concepts', recipe, run_id FROM concepts
    UNION ALL SELECT id, parents, 'problem', 'problems', recipe, run_id FROM problems
    UNION ALL SELECT id, parents, 'solution', 'solutions', recipe, run_id FROM solutions
    UNION ALL SELECT id, parents, 'verdict', 'verdicts', recipe, run_id FROM verdicts
    UNION ALL SELECT id, parents, 'rate', 'rates', recipe, run_id FROM rates
    UNION ALL SELECT id, parents, 'claim', 'claims', recipe, run_id FROM claims
    UNION ALL SELECT id, parents, 'agreement', 'agreements', recipe, run_id FROM agreements
    UNION ALL SELECT id, parents, 'planted', 'planted', recipe, run_id FROM planted
    UNION ALL SELECT id, parents, 'example', 'examples', recipe, run_id FROM examples
    UNION ALL SELECT id, parents, 'rejection', step, recipe, run_id FROM rejections
)
SELECT id AS child_id, unnest(parents) AS parent_id, kind, step, recipe, run_id FROM children;

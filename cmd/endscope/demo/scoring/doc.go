// Package scoring is the sample model server of the demo: it answers how likely an applicant is to default on credit, over HTTP.
//
// It owns the generated applicants, two small models that are trained on them at start (a logistic regression and gradient-boosted
// stumps), the HTTP handlers (a score; or, in words that come one by one, what made it), its page of metrics, the mapping that says what
// they mean, and the lines that it prints. As any model server it knows nothing of endpoints, agents and logs: the agent beside it
// measures its traffic, scrapes its page and reads its lines. It may import nothing else of ours.
//
// What is computed is computed: the scores come from the models. What is played is the waits for a store of models and for a feature
// store, without which a start and every answer would take no time (see Behaviour), and the pace of words. The console is worded as that
// of a server in Python.
//
// A Server is safe for concurrent use; a Generator is not.
package scoring

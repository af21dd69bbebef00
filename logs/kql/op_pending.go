package kql

import "github.com/endscope/endscope/logs/kql/syntax"

func pending(op syntax.Operator) (node, error) { return nil, errAt(op.At(), "not yet") }

func (b *binder) evaluate(in node, op *syntax.Evaluate, names *env) (node, error) { return pending(op) }

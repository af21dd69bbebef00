package evaluate

import (
	"container/list"
	"sync"
)

// baselineCache keeps the baselines of rules between their checks, as many series as it may, those that were used last. A set is taken
// out while a check uses it.
type baselineCache struct {
	mu     sync.Mutex
	limit  int
	size   int // series
	byRule map[string]*list.Element
	order  *list.List // of *cachedSets, the newest in front
	stale  func(error)
}

type cachedSets struct {
	rule, hash string
	sets       []*baselineSet
	size       int
}

func newBaselineCache(limit int, stale func(error)) *baselineCache {
	return &baselineCache{limit: limit, byRule: map[string]*list.Element{}, order: list.New(), stale: stale}
}

// take returns the sets of a rule's criteria, empty ones where none are kept. Give them back by put.
func (c *baselineCache) take(p *plan) []*baselineSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byRule[p.rule.Name]; e != nil {
		kept := c.remove(e)
		if kept.hash == p.hash {
			return kept.sets
		}
	}
	return newSets(p, c.stale)
}

func newSets(p *plan, stale func(error)) []*baselineSet {
	sets := make([]*baselineSet, len(p.criteria))
	for i := range sets {
		sets[i] = newBaselineSet(stale)
	}
	return sets
}

func (c *baselineCache) put(p *plan, sets []*baselineSet) {
	s := &cachedSets{rule: p.rule.Name, hash: p.hash, sets: sets}
	for _, one := range sets {
		s.size += len(one.series)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byRule[s.rule]; e != nil {
		c.remove(e)
	}
	if s.size > c.limit {
		return
	}
	c.byRule[s.rule] = c.order.PushFront(s)
	c.size += s.size
	for c.size > c.limit {
		c.remove(c.order.Back())
	}
}

func (c *baselineCache) drop(rule string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byRule[rule]; e != nil {
		c.remove(e)
	}
}

func (c *baselineCache) remove(e *list.Element) *cachedSets {
	s := e.Value.(*cachedSets)
	c.order.Remove(e)
	delete(c.byRule, s.rule)
	c.size -= s.size
	return s
}

package resources

import "context"

// PutAll is Put for several resources, all of them or, after an error, none: what the changes say of DryRun and By is not looked at. The
// results are in the order of the changes, and the error is that of the first that is refused.
func (s *Store) PutAll(ctx context.Context, by string, dry bool, changes []Change) ([]Result, error) {
	var results []Result
	kind := ""
	err := s.write(ctx, by, dry, func(e *edit) error {
		results = nil
		for _, c := range changes {
			kind = c.Kind
			k, key, err := s.resolve(c.Kind, c.Name)
			if err != nil {
				return err
			}
			r, err := e.put(k, key, c)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		return nil
	})
	if err != nil {
		return nil, s.refused(kind, err)
	}
	return results, nil
}

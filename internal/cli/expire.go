package cli

import (
	"context"
	"fmt"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// kept says how long a folder keeps what is not kept for good, as the lifecycle rules of template.yaml say it of a bucket.
var kept = map[string]time.Duration{
	story.Refused: 7 * 24 * time.Hour,
	"gone/":       30 * 24 * time.Hour, // articles that were taken down before they came
}

// expire deletes what a folder has kept long enough, once an hour.
func (s *server) expire(ctx context.Context) error {
	now := s.p.now()
	if now.Sub(s.expired) < time.Hour {
		return nil
	}
	s.expired = now
	for prefix, long := range kept {
		entries, err := s.store.Bucket.List(ctx, prefix, "", 0)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if now.Sub(e.Modified) < long {
				continue
			}
			if err := s.store.Bucket.Delete(ctx, e.Key, bucket.Always); err != nil {
				return fmt.Errorf("deleting %s, which was kept for %s: %w", e.Key, long, err)
			}
		}
	}
	return nil
}

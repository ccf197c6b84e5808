package config

import "fmt"

// checkRights checks what agencies allow a site of their photos.
func (c *Config) checkRights(site string, at func(path, format string, args ...any), oneOf func(path, v string, known []string)) {
	places := c.ChannelsOf(site)
	for _, ch := range c.ChannelsOf(site) {
		places = append(places, c.Channels[ch].Kind)
	}
	for i, r := range c.Sites[site].Rights {
		p := fmt.Sprintf("sites.%s.rights[%d]", site, i)
		switch {
		case r.Name == "":
			at(p+".name", "is required: the desk shows it")
		case len(r.Credit)+len(r.Terms)+len(r.Of) == 0:
			at(p, "says nothing about which photos: give credit, terms or of")
		case len(r.Channels) == 0 && r.Days == 0:
			at(p, "forbids nothing: give channels or days")
		case r.Days < 0:
			at(p+".days", "want a number of days, have %d", r.Days)
		}
		for j, ch := range r.Channels {
			oneOf(fmt.Sprintf("%s.channels[%d]", p, j), ch, places)
		}
	}
}

// Package article is the article as the CMS published it, in canonical form: what every other room reads.
//
// It owns the shape ([Article], [Photo]), reading it from our JSON and from plain text as it stands on a page,
// and the finding of a photo's credit in a caption. It promises that what it hands out is plain text in Unicode
// NFC without markup, captions, datelines or promotion in the body. How a CMS's payload becomes these fields is
// the business of package source; what the desk changes is kept apart, in package story.
package article

import "time"

// Article is one article as last published. The zero value of a field means that the CMS said nothing.
//
// It is stored inside the story's document: a field may be added, but none renamed or given another meaning.
type Article struct {
	ID        string    `json:"id"`                 // the CMS's stable id; unique within its source, any characters, never empty
	URL       string    `json:"url"`                // absolute address of the article's public page
	Language  string    `json:"language"`           // BCP 47, lower-case primary subtag: en, ckb, kmr, ar, fa, tr
	Headline  string    `json:"headline"`           // one line of plain text, never empty
	Dek       string    `json:"dek,omitempty"`      // one or two sentences under the headline
	Body      string    `json:"body,omitempty"`     // plain text, paragraphs parted by one blank line, without dateline and promotion
	Byline    string    `json:"byline,omitempty"`   // names only, parted by ", "
	Dateline  string    `json:"dateline,omitempty"` // place and agency before the first sentence: "ERBIL (Kurdistan24)"
	Section   string    `json:"section,omitempty"`  // as the CMS names it, in the article's language
	Tags      []string  `json:"tags,omitempty"`     // for readers, in the CMS's order; internal tags left out
	Kicker    string    `json:"kicker,omitempty"`   // live, updated, corrected, opinion, analysis; what the CMS marks the article as
	Photo     Photo     `json:"photo,omitzero"`     // the lead picture; zero: there is none
	Published time.Time `json:"published,omitzero"` // when first published, as the CMS says
	Updated   time.Time `json:"updated,omitzero"`   // when last changed for readers; never used as a revision number
	Embargo   time.Time `json:"embargo,omitzero"`   // nothing of it may be posted before; zero: none
	Doubt     string    `json:"doubt,omitempty"`    // why the desk must look before anything goes out: an embargo that cannot be read, say
}

// Photo is the article's lead picture as the CMS describes it.
type Photo struct {
	URL     string `json:"url,omitempty"`     // absolute http(s) address of the best rendition, or file:… for what `import` was given
	Caption string `json:"caption,omitempty"` // plain text without the credit
	Credit  string `json:"credit,omitempty"`  // whose photo it is, without the label: "AFP"; from the CMS's field, else from the caption
	From    string `json:"from,omitempty"`    // where Credit was found: "field", "caption", or empty with an empty Credit
	Alt     string `json:"alt,omitempty"`     // what the picture shows, for those who do not see it
	Focal   *Focal `json:"focal,omitempty"`   // what the crop must keep; nil: the CMS did not say
	Terms   string `json:"terms,omitempty"`   // usage terms as the agency states them
}

// Focal is a point in a picture as fractions of its width and height as shown, from its top left: both within 0 … 1.
type Focal struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

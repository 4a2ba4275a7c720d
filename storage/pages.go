package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// bbolt trusts the file it maps: a bit that flipped in a page's head can send it
// out of the file, or round in a circle until the process ends. So tools for
// broken files read the pages themselves, and ask bbolt only about sound ones.
//
// Numbers lie in the order of the processor that wrote them; all that tills run
// on are little-endian. Source: bbolt v1.5.0, internal/common, file format 2.
const (
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	metaBytes   = 64 // checksum in the last 8

	headBytes    = 16 // of a page: id 8, flags 2, count 2, overflow 4
	elementBytes = 16
	bucketBytes  = 16 // of a bucket's value: root page 8, sequence 8; root 0 means that the page follows inline

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFreelist = 0x10
	flagBucket   = 0x01 // of a leaf's element

	pageBytesMin = 1 << 10
	pageBytesMax = 1 << 24
	// depthMax is more than a tree of the largest file has levels.
	depthMax = 32
)

var little = binary.LittleEndian

// metaPage is what one of the two first pages says.
type metaPage struct {
	pageBytes int64
	root      uint64
	freelist  uint64
	high      uint64 // pages in use lie below it
	txid      uint64
}

func parseMeta(page []byte) (metaPage, error) {
	data := page[headBytes : headBytes+metaBytes]
	sum := fnv.New64a()
	_, _ = sum.Write(data[:metaBytes-8])
	switch {
	case little.Uint32(data) != metaMagic:
		return metaPage{}, errors.New("this is no journal page")
	case sum.Sum64() != little.Uint64(data[metaBytes-8:]):
		return metaPage{}, errors.New("the checksum does not hold")
	case little.Uint32(data[4:]) != metaVersion:
		return metaPage{}, fmt.Errorf("file format %d, want %d", little.Uint32(data[4:]), metaVersion)
	}
	return metaPage{
		pageBytes: int64(little.Uint32(data[8:])),
		root:      little.Uint64(data[16:]),
		freelist:  little.Uint64(data[32:]),
		high:      little.Uint64(data[40:]),
		txid:      little.Uint64(data[48:]),
	}, nil
}

// A pageReader reads a file that nobody writes.
type pageReader struct {
	file io.ReaderAt
	size int64
	meta metaPage
	seen map[uint64]bool
}

// readMetas finds the younger of the two valid meta pages; each that is not valid
// is a problem of its own, since one is enough to go on with.
func (r *pageReader) readMetas() (problems []error, err error) {
	r.seen = map[uint64]bool{}
	pageBytes, err := r.findPageBytes()
	if err != nil {
		return nil, err
	}
	for id := range uint64(2) {
		page := make([]byte, headBytes+metaBytes)
		_, err := r.file.ReadAt(page, int64(id)*pageBytes)
		var meta metaPage
		if err == nil {
			meta, err = parseMeta(page)
		}
		if err == nil && (little.Uint64(page) != id || little.Uint16(page[8:]) != flagMeta) {
			err = errors.New("its head is not that of a meta page")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("meta page %d: %w", id, err))
			continue
		}
		if meta.txid >= r.meta.txid {
			r.meta = meta
		}
	}
	if r.meta.pageBytes == 0 {
		return nil, errors.Join(problems...)
	}
	return problems, nil
}

// checkLength finds a file that ends before its last page in use.
func (r *pageReader) checkLength() error {
	if r.meta.high > uint64(r.size/r.meta.pageBytes) {
		return fmt.Errorf("the file is cut: %d bytes, want %d pages of %d", r.size, r.meta.high, r.meta.pageBytes)
	}
	return nil
}

// findPageBytes asks the first meta page, or else tries all places of the second.
func (r *pageReader) findPageBytes() (int64, error) {
	page := make([]byte, headBytes+metaBytes)
	for at := int64(0); at <= pageBytesMax; at = max(pageBytesMin, 2*at) {
		if _, err := r.file.ReadAt(page, at); err != nil {
			break
		}
		meta, err := parseMeta(page)
		if err == nil && (at == 0 || meta.pageBytes == at) && meta.pageBytes >= pageBytesMin && meta.pageBytes <= pageBytesMax {
			return meta.pageBytes, nil
		}
	}
	return 0, errors.New("there is no valid meta page: this is no journal, or nothing is left of it")
}

// A page is one page with its overflow, its head taken apart.
type page struct {
	data  []byte
	flags uint16
	count int
}

// read reads a page that must have one of the flags, once.
func (r *pageReader) read(id uint64, flags uint16) (page, error) {
	if id < 2 || id >= r.meta.high {
		return page{}, fmt.Errorf("page %d lies outside of the file's %d", id, r.meta.high)
	}
	head := make([]byte, headBytes)
	at := int64(id) * r.meta.pageBytes
	if _, err := r.file.ReadAt(head, at); err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	found := page{flags: little.Uint16(head[8:]), count: int(little.Uint16(head[10:]))}
	overflow := uint64(little.Uint32(head[12:]))
	switch {
	case little.Uint64(head) != id:
		return page{}, fmt.Errorf("page %d says it is %d", id, little.Uint64(head))
	case found.flags&flags == 0 || found.flags&(found.flags-1) != 0:
		return page{}, fmt.Errorf("page %d is of the wrong kind, flags %#x", id, found.flags)
	case overflow >= r.meta.high-id || at+int64(overflow+1)*r.meta.pageBytes > r.size:
		return page{}, fmt.Errorf("page %d goes on for %d more, beyond the end", id, overflow)
	}
	for each := id; each <= id+overflow; each++ {
		if r.seen[each] {
			return page{}, fmt.Errorf("page %d is used twice", each)
		}
		r.seen[each] = true
	}
	found.data = make([]byte, int64(overflow+1)*r.meta.pageBytes)
	if _, err := r.file.ReadAt(found.data, at); err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	return found, nil
}

// slice answers bytes that an element points at, or false where it points outside.
func slice(data []byte, at, length uint64) ([]byte, bool) {
	if at > uint64(len(data)) || length > uint64(len(data))-at {
		return nil, false
	}
	return data[at : at+length], true
}

// An element is one entry of a leaf.
type element struct {
	key, value []byte
	bucket     bool
}

// walk visits all entries below a page in the order of their keys.
func (r *pageReader) walk(id uint64, depth int, visit func(element) error) error {
	if depth > depthMax {
		return fmt.Errorf("page %d is the %dth level of its tree", id, depth)
	}
	found, err := r.read(id, flagBranch|flagLeaf)
	if err != nil {
		return err
	}
	if found.flags == flagLeaf {
		err = found.leaf(visit)
	} else {
		err = found.branch(func(child uint64) error { return r.walk(child, depth+1, visit) })
	}
	var shape shapeError
	if errors.As(err, &shape) && shape.page == 0 {
		return shapeError{id, shape.what}
	}
	return err
}

// A shapeError is an entry that does not fit into its page; page 0 is not yet known.
type shapeError struct {
	page uint64
	what string
}

// Error names the page.
func (e shapeError) Error() string { return fmt.Sprintf("page %d: %s", e.page, e.what) }

func (p page) branch(visit func(child uint64) error) error {
	if p.count == 0 {
		return shapeError{what: "a branch without children"}
	}
	for i := range p.count {
		at := uint64(headBytes + i*elementBytes)
		entry, ok := slice(p.data, at, elementBytes)
		if ok {
			_, ok = slice(p.data, at+uint64(little.Uint32(entry)), uint64(little.Uint32(entry[4:])))
		}
		if !ok {
			return shapeError{what: fmt.Sprintf("child %d points outside", i)}
		}
		if err := visit(little.Uint64(entry[8:])); err != nil {
			return err
		}
	}
	return nil
}

func (p page) leaf(visit func(element) error) error {
	for i := range p.count {
		at := uint64(headBytes + i*elementBytes)
		entry, ok := slice(p.data, at, elementBytes)
		if !ok {
			return shapeError{what: fmt.Sprintf("entry %d lies outside", i)}
		}
		flags, start := little.Uint32(entry), at+uint64(little.Uint32(entry[4:]))
		keyBytes, valueBytes := uint64(little.Uint32(entry[8:])), uint64(little.Uint32(entry[12:]))
		key, ok := slice(p.data, start, keyBytes)
		value, fits := slice(p.data, start+keyBytes, valueBytes)
		if !ok || !fits || flags&^flagBucket != 0 {
			return shapeError{what: fmt.Sprintf("entry %d points outside or has flags %#x", i, flags)}
		}
		if err := visit(element{key, value, flags == flagBucket}); err != nil {
			return err
		}
	}
	return nil
}

// walkBucket visits the entries of a bucket, given its value in the root. Keys
// must grow, and none may be a bucket again.
func (r *pageReader) walkBucket(value []byte, visit func(key, value []byte) error) error {
	var last []byte
	inOrder := func(found element) error {
		if found.bucket {
			return shapeError{what: fmt.Sprintf("a bucket %x where there are none", found.key)}
		}
		if last != nil && bytes.Compare(last, found.key) >= 0 {
			return shapeError{what: fmt.Sprintf("key %x stands behind %x", found.key, last)}
		}
		last = bytes.Clone(found.key)
		return visit(found.key, found.value)
	}
	if len(value) < bucketBytes {
		return fmt.Errorf("a bucket of %d bytes", len(value))
	}
	if root := little.Uint64(value); root != 0 {
		return r.walk(root, 1, inOrder)
	}
	inline := value[bucketBytes:]
	if len(inline) < headBytes || little.Uint16(inline[8:]) != flagLeaf {
		return errors.New("a bucket without a page")
	}
	return page{data: inline, count: int(little.Uint16(inline[10:]))}.leaf(inOrder)
}

// buckets answers the values of the buckets in the root, by name.
func (r *pageReader) buckets() (map[string][]byte, error) {
	found := map[string][]byte{}
	err := r.walk(r.meta.root, 1, func(entry element) error {
		if !entry.bucket {
			return shapeError{what: fmt.Sprintf("a value %x among the buckets", entry.key)}
		}
		found[string(entry.key)] = entry.value
		return nil
	})
	return found, err
}

// checkFreelist holds the list of free pages against the pages seen in use, so
// that bbolt can be asked for the rest.
func (r *pageReader) checkFreelist() error {
	found, err := r.read(r.meta.freelist, flagFreelist)
	if err != nil {
		return err
	}
	count, at := uint64(found.count), uint64(headBytes)
	if found.count == 0xFFFF {
		// A count that does not fit stands in front of the list.
		count, at = little.Uint64(found.data[headBytes:]), at+8
	}
	if count > uint64(len(found.data)) {
		return fmt.Errorf("the list of free pages says it has %d", count)
	}
	list, ok := slice(found.data, at, 8*count)
	if !ok {
		return fmt.Errorf("the list of free pages says it has %d", count)
	}
	for ; len(list) > 0; list = list[8:] {
		id := little.Uint64(list)
		if id < 2 || id >= r.meta.high || r.seen[id] {
			return fmt.Errorf("page %d is listed as free, and is in use or outside", id)
		}
		r.seen[id] = true
	}
	return nil
}

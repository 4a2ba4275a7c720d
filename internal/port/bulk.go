package port

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// outBytesMax is what one transfer carries to the device: as much as libusb
	// puts into one request of the kernel (MAX_BULK_BUFFER_LENGTH of its Linux
	// part), far below the 16 MB that usbfs lends to all programs together.
	outBytesMax = 16 << 10
	// emptyPause is the rest after an empty packet. Some devices send them without
	// end while they have nothing to say; asking at once again would keep a
	// processor busy, and 20 ms later is early enough for every answer.
	emptyPause = 20 * time.Millisecond
)

// bulkDevice is the part of a USB device that carries bytes: its bulk pipes.
//
// In waits for one packet, Out hands data over and says how much the device took.
// Both end soon after ctx does, with an error that answers to context.Canceled;
// any other error means that the device has gone or cannot be trusted any more.
// In and Out may run at the same time, each once. Close is called once, while
// neither runs.
type bulkDevice interface {
	In(ctx context.Context, packet []byte) (int, error)
	Out(ctx context.Context, data []byte) (int, error)
	Close() error
}

// bulkStream makes a stream of a bulkDevice. Each direction has one goroutine that
// owns its transfers, so that Close can wait for both: closing a USB device in
// the middle of a transfer is a crash inside libusb.
//
// The owner of the way in always waits for one packet, read or not, and no read
// deadline cancels it: a packet that arrives in that moment would be lost.
type bulkStream struct {
	device bulkDevice
	// packetBytes is the packet size of the pipe in. Transfers are of one packet:
	// of less they would overflow and lose bytes, of more a full packet would wait
	// for its successor (USB 2.0, 5.8.3: only a short one ends a transfer early).
	packetBytes int

	life   context.Context // ends with Close
	end    context.CancelFunc
	owners sync.WaitGroup

	reading      sync.Mutex
	readDeadline *deadline
	packets      chan []byte // closed after the last, failure then says why
	failure      error
	rest         []byte // of a packet that was longer than the reader's buffer

	writing       sync.Mutex
	writeDeadline *deadline
	outgoing      chan outTransfer
	sent          chan outResult
}

type outTransfer struct {
	ctx  context.Context
	data []byte
}

type outResult struct {
	taken int
	err   error
}

// newBulkStream takes the device over, and closes it in the end.
func newBulkStream(device bulkDevice, packetBytes int) *bulkStream {
	s := &bulkStream{
		device: device, packetBytes: packetBytes,
		readDeadline: newDeadline(), packets: make(chan []byte),
		writeDeadline: newDeadline(), outgoing: make(chan outTransfer), sent: make(chan outResult),
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.owners.Go(s.receive)
	s.owners.Go(s.send)
	return s
}

// receive owns the transfers in.
func (s *bulkStream) receive() {
	defer close(s.packets)
	for {
		packet := make([]byte, s.packetBytes)
		n, err := s.device.In(s.life, packet)
		if n > 0 {
			select {
			case s.packets <- packet[:n]:
			case <-s.life.Done():
			}
		}
		if err != nil {
			s.failure = err
			return
		}
		if n > 0 {
			continue
		}
		select {
		case <-time.After(emptyPause):
		case <-s.life.Done():
		}
	}
}

// send owns the transfers out.
func (s *bulkStream) send() {
	for {
		select {
		case <-s.life.Done():
			return
		case next := <-s.outgoing:
			taken, err := s.device.Out(next.ctx, next.data)
			s.sent <- outResult{taken, err}
		}
	}
}

func (s *bulkStream) Read(buffer []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if err := s.refuse(s.readDeadline); err != nil {
		return 0, err
	}
	if len(s.rest) == 0 && len(buffer) > 0 {
		packet, err := s.nextPacket()
		if err != nil {
			return 0, err
		}
		s.rest = packet
	}
	n := copy(buffer, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *bulkStream) nextPacket() ([]byte, error) {
	select {
	case packet, more := <-s.packets:
		if !more {
			return nil, s.failure
		}
		return packet, nil
	case <-s.readDeadline.wait():
		return nil, os.ErrDeadlineExceeded
	case <-s.life.Done():
		return nil, os.ErrClosed
	}
}

// Write returns when the device has taken all bytes.
func (s *bulkStream) Write(data []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	taken := 0
	for taken < len(data) {
		if err := s.refuse(s.writeDeadline); err != nil {
			return taken, err
		}
		n, err := s.transfer(data[taken:min(taken+outBytesMax, len(data))])
		taken += n
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// transfer sends one piece. When the deadline passes it still waits for the end of
// the transfer, which comes at once, to learn how much was taken.
func (s *bulkStream) transfer(data []byte) (int, error) {
	ctx, cancel := context.WithCancel(s.life)
	defer cancel()
	select {
	case s.outgoing <- outTransfer{ctx, data}:
	case <-s.life.Done():
		return 0, os.ErrClosed
	}
	var result outResult
	select {
	case result = <-s.sent:
	case <-s.writeDeadline.wait():
		cancel()
		result = <-s.sent
	}
	switch {
	case errors.Is(result.err, context.Canceled) && s.life.Err() != nil:
		return result.taken, os.ErrClosed
	case errors.Is(result.err, context.Canceled):
		return result.taken, os.ErrDeadlineExceeded
	case result.err == nil && result.taken < len(data):
		return result.taken, io.ErrShortWrite
	default:
		return result.taken, result.err
	}
}

// refuse answers a call that comes too late.
func (s *bulkStream) refuse(limit *deadline) error {
	switch {
	case s.life.Err() != nil:
		return os.ErrClosed
	case isClosed(limit.wait()):
		return os.ErrDeadlineExceeded
	default:
		return nil
	}
}

func (s *bulkStream) SetReadDeadline(moment time.Time) error { return s.move(s.readDeadline, moment) }

func (s *bulkStream) SetWriteDeadline(moment time.Time) error { return s.move(s.writeDeadline, moment) }

func (s *bulkStream) move(limit *deadline, moment time.Time) error {
	if s.life.Err() != nil {
		return os.ErrClosed
	}
	limit.set(moment)
	return nil
}

// Close ends both transfers, waits for their owners, and then closes the device.
func (s *bulkStream) Close() error {
	s.end()
	s.owners.Wait()
	return s.device.Close()
}

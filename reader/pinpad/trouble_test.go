package pinpad_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/reader/pinpad"
	"balcao/terminal/card"
	"balcao/terminal/device"
)

// A robot is a pinpad that says yes to everything, but for one trouble that is
// planned for one command.
type robot struct {
	*peer
	answers map[string][]string
	at      string // command that meets the trouble
	trouble func(r *robot, answers []string)
	corrupt int // so many more frames leave with a wrong CRC

	mutex    sync.Mutex
	commands []string
	last     string
}

func newRobot(p *peer) *robot {
	return &robot{peer: p, answers: map[string][]string{
		"OPN": {"OPN000"},
		"GIX": {infoAnswer},
		"CLX": {"CLX000"},
		"GCX": {selected, cardAnswer},
		"GTK": {trkAnswer},
		"GOX": {askPIN, chipAnswer},
		"FCX": {lastAnswer},
		"RMC": {"RMC000"},
	}}
}

// work serves one cable until it is pulled.
func (r *robot) work() {
	for b := range r.bytes {
		switch b {
		case can:
			r.say(eot)
		case nak:
			r.transmit(r.last)
		case syn:
			r.obey(r.restOfFrame())
		}
	}
}

func (r *robot) restOfFrame() string {
	wire := []byte{syn}
	for b := range r.bytes {
		if wire = append(wire, b); b == etb {
			break
		}
	}
	return unframe(append(wire, <-r.bytes, <-r.bytes))
}

func (r *robot) obey(payload string) {
	id := payload[:min(3, len(payload))]
	r.mutex.Lock()
	r.commands = append(r.commands, id)
	r.mutex.Unlock()
	if trouble := r.trouble; id == r.at && trouble != nil {
		r.trouble = nil
		trouble(r, r.answers[id])
		return
	}
	r.say(ack)
	r.transmit(r.answers[id]...)
}

// transmit sends answers; the last one is what a NAK gets again.
func (r *robot) transmit(answers ...string) {
	for _, answer := range answers {
		r.last = answer
		wire := frameOf(answer)
		if r.corrupt > 0 && !strings.HasPrefix(answer, "NTM") {
			r.corrupt--
			wire[len(wire)-1] ^= 1
		}
		r.say(wire...)
	}
}

func (r *robot) count(id string) int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	n := 0
	for _, command := range r.commands {
		if command == id {
			n++
		}
	}
	return n
}

// harmless are troubles that cost time and nothing else, whatever the command.
var harmless = map[string]func(r *robot, answers []string){
	"ACK dropped": func(r *robot, answers []string) { r.transmit(answers...) },
	"answer damaged once": func(r *robot, answers []string) {
		r.corrupt = 1
		r.say(ack)
		r.transmit(answers...)
	},
	"answer damaged twice": func(r *robot, answers []string) {
		r.corrupt = 2
		r.say(ack)
		r.transmit(answers...)
	},
	"answer cut off": func(r *robot, answers []string) {
		r.say(ack)
		r.last = answers[len(answers)-1]
		wire := frameOf(r.last)
		r.say(wire[:len(wire)/2]...)
	},
	"answer a byte a second": func(r *robot, answers []string) {
		r.say(ack)
		for _, b := range frameOf(answers[len(answers)-1]) {
			<-time.After(time.Second)
			r.say(b)
		}
	},
	"slow": func(r *robot, answers []string) {
		r.say(ack)
		<-time.After(14 * time.Second)
		r.transmit(answers...)
	},
	"noise before ACK": func(r *robot, answers []string) {
		r.say(0x00, 0xFF, 'A', etb, ack)
		r.transmit(answers...)
	},
	"noise like a frame's start before ACK": func(r *robot, answers []string) {
		r.say(syn, 'A', ack)
		r.transmit(answers...)
	},
	"noise between ACK and answer": func(r *robot, answers []string) {
		r.say(ack, 0x00, eot, syn, 'A', dc3)
		r.transmit(answers...)
	},
	"noise like a bad frame before the answer": func(r *robot, answers []string) {
		r.say(ack, syn, 'A', etb, 0, 0)
		r.transmit(answers...)
	},
	"storm of notifications": func(r *robot, answers []string) {
		r.say(ack)
		for range 1000 {
			r.transmit(askPIN)
		}
		r.transmit(answers...)
	},
	"stale answer first": func(r *robot, answers []string) {
		r.say(ack)
		r.transmit("DSP000")
		r.transmit(answers...)
	},
	"command damaged on the way": func(r *robot, _ []string) { r.say(nak) },
	"NAK in the noise before ACK": func(r *robot, answers []string) {
		r.say(nak, 0x00)
		<-time.After(300 * time.Millisecond)
		r.say(ack)
		r.transmit(answers...)
	},
	"answer with its start hit": func(r *robot, answers []string) {
		r.say(ack)
		r.last = answers[len(answers)-1]
		wire := frameOf(r.last)
		wire[0] ^= 0x20
		r.say(wire...)
	},
}

// harmful are troubles after which both ends are out of step.
var harmful = map[string]func(r *robot, answers []string){
	"frame vanished": func(*robot, []string) {},
	"three NAK": func(r *robot, _ []string) {
		r.say(nak)
		for range 2 {
			<-r.bytes
			r.restOfFrame()
			r.say(nak)
		}
	},
	"answer damaged three times": func(r *robot, answers []string) {
		r.corrupt = 3
		r.say(ack)
		r.transmit(answers...)
	},
}

// saleCommands are the commands of a sale in their order.
var saleCommands = []string{"GCX", "GTK", "GOX", "FCX", "RMC", "CLX"}

// sell goes through a sale and answers the first failure.
func (c *till) sell(ctx context.Context) error {
	if _, err := c.ReadCard(ctx, creditRequest); err != nil {
		return err
	}
	completion, err := c.FinishCard(ctx, device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
	if err != nil {
		return err
	}
	if completion.Cryptogram != card.TC {
		return errors.New("not accepted")
	}
	return c.Release(ctx, [2]string{"RETIRE O CARTAO", ""})
}

// startRobot makes a pinpad ready and then plans its trouble.
func (c *till) startRobot(at string, trouble func(r *robot, answers []string)) *robot {
	p := c.plug()
	p.start()
	c.waitLight(device.OK)
	r := newRobot(p)
	r.at, r.trouble = at, trouble
	go r.work()
	return r
}

func TestTroubleOfTheLineCostsNothingIfTheStandardCanMendIt(t *testing.T) {
	for _, at := range saleCommands {
		for name, trouble := range harmless {
			t.Run(at+" "+name, func(t *testing.T) {
				run(t, func(t *testing.T, till *till) {
					r := till.startRobot(at, trouble)
					require.NoError(t, till.sell(t.Context()))
					require.Nil(t, r.trouble, "the trouble never came")
					for _, id := range []string{"GTK", "GOX", "FCX"} {
						want := 1
						if id == at && name == "command damaged on the way" {
							want = 2 // the first one was never read
						}
						require.Equal(t, want, r.count(id), id)
					}
					require.NoError(t, till.sell(t.Context()))
				})
			})
		}
	}
}

func TestWhatMayHaveHappenedIsNeverDoneTwice(t *testing.T) {
	for _, at := range saleCommands {
		for name, trouble := range harmful {
			t.Run(at+" "+name, func(t *testing.T) {
				run(t, func(t *testing.T, till *till) {
					r := till.startRobot(at, trouble)
					err := till.sell(t.Context())
					if at == "GOX" || at == "FCX" {
						requireFault(t, err, device.LinkLost)
						frames := 1
						if name == "three NAK" {
							frames = 3 // refused by the link, none of them read
						}
						require.Equal(t, 1, r.count(at), "%d frames", frames)
					} else {
						require.NoError(t, err)
						require.GreaterOrEqual(t, r.count("GCX"), 1)
					}
					require.EqualValues(t, 1, till.Counters().Sessions, "the session goes on")
					require.NoError(t, till.sell(t.Context()))
				})
			})
		}
	}
}

func TestAFailedFinishNeverLooksLikeAnAnswer(t *testing.T) {
	for name, trouble := range harmful {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				till.startRobot("FCX", trouble)
				_, err := till.ReadCard(t.Context(), creditRequest)
				require.NoError(t, err)
				completion, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
				require.False(t, requireFault(t, err, device.LinkLost).Temporary())
				require.Equal(t, card.Completion{Cryptogram: card.None}, completion)
			})
		})
	}
}

func TestAPulledCableAtEveryStep(t *testing.T) {
	moments := map[string]func(r *robot, answers []string){
		"before ACK": func(r *robot, _ []string) { r.cable.Close() },
		"after ACK": func(r *robot, _ []string) {
			r.say(ack)
			r.cable.Close()
		},
		"inside the answer": func(r *robot, answers []string) {
			r.say(ack)
			wire := frameOf(answers[len(answers)-1])
			r.say(wire[:len(wire)/2]...)
			r.cable.Close()
		},
	}
	for _, at := range saleCommands {
		for name, pull := range moments {
			t.Run(at+" "+name, func(t *testing.T) {
				run(t, func(t *testing.T, till *till) {
					r := till.startRobot(at, pull)
					requireFault(t, till.sell(t.Context()), device.LinkLost)
					require.Equal(t, 1, r.count(at))
					require.Equal(t, pinpad.DetailUnplugged, till.waitLight(device.Absent).Detail)
					_, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt})
					require.True(t, requireFault(t, err, device.NotReady).Code == device.NotReady)

					till.startRobot("", nil)
					_, err = till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt})
					requireFault(t, err, device.LinkLost)
					require.NoError(t, till.sell(t.Context()))
				})
			})
		}
	}
}

func TestACableWithRandomNoiseNeverHangsADriver(t *testing.T) {
	seed := golden.Seed(t)
	run(t, func(t *testing.T, till *till) {
		random := rand.New(rand.NewPCG(seed, seed))
		r := till.startRobot("", nil)
		noisy := func(r *robot, answers []string) {
			noise := make([]byte, random.IntN(40))
			for i := range noise {
				noise[i] = byte(random.Uint32())
			}
			r.say(append(noise, ack)...)
			r.transmit(answers...)
		}
		for range 200 {
			if !r.alive() {
				till.waitLight(device.Absent)
				r = till.startRobot("", nil)
			}
			r.at, r.trouble = saleCommands[random.IntN(len(saleCommands))], noisy
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
			if err := till.sell(ctx); err != nil {
				var fault *device.Fault
				require.ErrorAs(t, err, &fault)
			}
			stop()
			require.LessOrEqual(t, r.count("FCX"), r.count("GOX"))
			r.forget()
		}
	})
}

func (r *robot) forget() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.commands = nil
}

// alive says whether the till still holds its end of the cable.
func (r *robot) alive() bool {
	_, err := r.cable.Write(nil)
	return err == nil
}

func TestTheTillGivesUpWaiting(t *testing.T) {
	for name, cross := range map[string]func(p *peer){
		"nothing crosses": func(p *peer) { p.sync() },
		"the answer crosses": func(p *peer) {
			p.expect(can)
			p.answer(cardAnswer)
			p.say(eot)
		},
		"an answer with EOT inside crosses": func(p *peer) {
			p.expect(can)
			p.answer(trkAnswer)
			p.say(eot)
		},
		"half an answer crosses": func(p *peer) {
			p.expect(can)
			wire := frameOf(cardAnswer)
			p.say(append(wire[:len(wire)/2], eot)...)
			p.sync()
		},
		"the first EOT is lost": func(p *peer) {
			p.expect(can)
			p.sync()
		},
		"the second one too": func(p *peer) {
			p.expect(can)
			p.expect(can)
			p.sync()
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				ctx, giveUp := context.WithCancel(t.Context())
				read := till.beginRead(ctx)
				p.take("GCX")
				p.answer(selected)
				giveUp()
				cross(p)
				require.Contains(t, p.exchange("CLX", "CLX000"), "CAIXA LIVRE")
				requireFault(t, (<-read).err, device.TillCancelled)

				// The next customer pays what the next customer owes.
				request := creditRequest
				request.Amount = 500
				read = begin(func() (card.Reading, error) { return till.ReadCard(t.Context(), request) })
				require.Contains(t, p.exchange("GCX", cardAnswer), "000000000500")
				p.exchange("GTK", trkAnswer)
				p.exchange("GOX", chipAnswer)
				require.NoError(t, (<-read).err)
				require.EqualValues(t, 1, till.Counters().Sessions)
			})
		})
	}
}

func TestAFinishThatIsGivenUpIsNoAnswer(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		p.play(t, till.beginRead(t.Context()))
		ctx, giveUp := context.WithTimeout(t.Context(), time.Minute)
		defer giveUp()
		finish := till.beginFinish(ctx, device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		p.take("FCX")
		p.sync()
		got := <-finish
		requireFault(t, got.err, device.TillCancelled)
		require.Equal(t, card.None, got.value.Cryptogram)
	})
}

func TestACallThatWaitsForAnotherCanBeGivenUp(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		p.take("GCX")
		ctx, giveUp := context.WithTimeout(t.Context(), time.Minute)
		defer giveUp()
		requireFault(t, till.Release(ctx, [2]string{}), device.TillCancelled)
		p.answer(cardAnswer)
		p.exchange("GTK", trkAnswer)
		p.exchange("GOX", chipAnswer)
		require.NoError(t, (<-read).err)

		ended, end := context.WithCancel(t.Context())
		end()
		_, err := till.ReadCard(ended, creditRequest)
		requireFault(t, err, device.TillCancelled)
	})
}

func TestADeviceThatDoesNotAnswerToCANIsOpenedAnew(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		p.frame() // and then nothing any more
		for range 3 {
			p.expect(can)
		}
		requireFault(t, (<-read).err, device.LinkLost)
		require.Equal(t, pinpad.DetailLinkLost, till.waitLight(device.Error).Detail)
		_, open := <-p.bytes
		require.False(t, open, "the port is closed")
		till.plugStarted()
	})
}

func TestADeviceThatNeverStopsTalkingIsNoPinpad(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plug()
		var talking sync.WaitGroup
		talking.Go(func() {
			for {
				if _, err := p.cable.Write([]byte{'A'}); err != nil {
					return
				}
				<-time.After(10 * time.Millisecond)
			}
		})
		require.Equal(t, pinpad.DetailLinkLost, till.waitLight(device.Error).Detail)
		talking.Wait()
	})
}

func TestADeviceThatTakesNothingIsLost(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		near, far := net.Pipe()
		defer far.Close()
		till.mutex.Lock()
		till.waiting = near
		till.mutex.Unlock()
		require.Equal(t, pinpad.DetailLinkLost, till.waitLight(device.Error).Detail)
	})
}

func TestAnIdlePinpadIsNoticedWhenItGoesAndWhenItComes(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		require.Equal(t, pinpad.DetailUnplugged, till.waitLight(device.Absent).Detail)
		_, err := till.ReadCard(t.Context(), creditRequest)
		require.True(t, requireFault(t, err, device.NotReady).Temporary())
		p := till.plugStarted()
		p.say([]byte("stray")...)
		before := time.Now()
		p.cable.Close()
		till.waitLight(device.Absent)
		require.Zero(t, time.Since(before), "at once")
		require.EqualValues(t, 5, till.Counters().Noise)
	})
}

func TestTheWaitsBetweenDialsGrow(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		till.waitLight(device.Absent)
		<-time.After(2 * time.Minute)
		till.mutex.Lock()
		defer till.mutex.Unlock()
		var waits []time.Duration
		for i := range till.dials[1:] {
			waits = append(waits, till.dials[i+1].Sub(till.dials[i]))
		}
		require.True(t, slices.IsSorted(waits))
		require.Equal(t, []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}, waits[:6])
		require.Equal(t, 15*time.Second, waits[len(waits)-1])
	})
}

func TestWhyAPortDoesNotOpenIsTold(t *testing.T) {
	for want, cause := range map[string]error{
		pinpad.DetailNoPermission: fs.ErrPermission,
		pinpad.DetailUnplugged:    fs.ErrNotExist,
		pinpad.DetailCannotOpen:   errors.New("busy"),
	} {
		t.Run(want, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				require.Equal(t, want, (<-till.statuses).Detail)
			}, func(config *pinpad.Config) {
				config.Dial = func(context.Context) (pinpad.Cable, error) { return nil, fmt.Errorf("dial: %w", cause) }
			})
		})
	}
}

func TestCallsAreRefusedWhileAPortOpensSlowly(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		_, err := till.ReadCard(t.Context(), creditRequest)
		requireFault(t, err, device.NotReady)
		require.Equal(t, pinpad.DetailUnplugged, till.waitLight(device.Absent).Detail)
	}, func(config *pinpad.Config) {
		config.Dial = func(ctx context.Context) (pinpad.Cable, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
}

func TestADriverThatHasEndedRefuses(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		other := pinpad.New(pinpad.Config{Dial: till.dial})
		ctx, stop := context.WithCancel(t.Context())
		stop()
		require.NoError(t, other.Run(ctx))
		_, err := other.ReadCard(t.Context(), creditRequest)
		requireFault(t, err, device.NotReady)
	})
}

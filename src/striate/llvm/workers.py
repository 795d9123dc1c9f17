"""Emits how threads share a program: one leads a step, workers wait for it and take part.

No lock is held, and nothing is left unfinished, whatever happens to the callers, because the whole
exchange is inside one call. If another thread is leading already, a leader works alone::

    leader                                worker
    LED: 0 -> 1, or else alone            spin while WANTED <= number
    JOB = control block; WANTED = n       ACTIVE += 1; check WANTED again
    run tasks                             run tasks of JOB
    WANTED = 0                            ACTIVE -= 1
    wait until ACTIVE = 0; LED = 0        spin; return at the spin limit
"""

from collections.abc import Generator
from contextlib import contextmanager

from striate.llvm.builder import Builder
from striate.llvm.ir import I8, I32, I64, PTR, VOID, IRFunction, IRModule, IRType, IRValue
from striate.plan import control_block
from striate.plan.target import Architecture, architecture_of

SPINS = 1 << 13
"""Spin limit: iterations that a worker waits for the next step before it sleeps.

It lasts longer than Python takes from one step to the next; see ``benchmarks``.
"""

_PATIENCE = 1 << 8  # iterations of waiting for another thread, about 10 microseconds

_FLUSH_X86 = 0x8040  # flush denormal results and operands to zero
_FLUSH_ARM = 1 << 24


def write_workers(module: IRModule, work: IRFunction, phases: int) -> None:
    """Emit the functions that the threads call.

    Parameters
    ----------
    module
        The module.
    work
        What each thread runs: a function of a call's control block and a thread's scratch memory.
    phases
        Number of phases; each has counters for its tasks.
    """
    _write_lead(module, work, phases)
    _write_help(module)


def _write_lead(module: IRModule, work: IRFunction, phases: int) -> None:
    """Emit ``lead(call, pool)``: a whole step, with workers unless another thread leads."""
    b = _function(module, "lead", VOID, [PTR, PTR])
    call, pool = b.function.args
    counts = load_word(b, call, control_block.COUNTS_AT, PTR)
    scratch = load_word(b, call, control_block.SCRATCH_AT, PTR)
    workers = load_word(b, call, control_block.WORKERS)
    for number in range(phases):
        for count in (control_block.claimed(number), control_block.finished(number)):
            _exchange(b, counts, count, I64(0))
    ask, together, alone, done = (b.append_block(n) for n in ("ask", "together", "alone", "done"))
    with _flushing(b):
        b.cbranch(b.icmp_signed(">", workers, I64(0)), ask, alone)
        b.position_at_end(ask)
        led = b.at(pool, control_block.LED, I64)
        b.cbranch(b.cmpxchg(led, I64(0), I64(1), "seq_cst"), together, alone)
        b.position_at_end(together)
        _exchange(b, pool, control_block.JOB, b.ptrtoint(call, I64))
        _exchange(b, pool, control_block.WANTED, workers)
        b.call(work, [call, scratch])
        _exchange(b, pool, control_block.WANTED, I64(0))
        wait_until(b, call, b.at(pool, control_block.ACTIVE, I64), "<=", 0)
        _exchange(b, pool, control_block.LED, I64(0))
        b.branch(done)
        b.position_at_end(alone)
        b.call(work, [call, scratch])
        b.branch(done)
        b.position_at_end(done)
    b.ret_void()


def _write_help(module: IRModule) -> None:
    """Emit ``help(pool, number)``: wait for a step, take part, and wait for the next one.

    It returns the number of steps in which it took part before it reached the spin limit. It is the
    same in every program, and works for any program.
    """
    b = _function(module, "help", I64, [PTR, I64])
    pool, number = b.function.args
    wanted, active = b.at(pool, control_block.WANTED, I64), b.at(pool, control_block.ACTIVE, I64)
    start = b.block
    look, enter, helped, late, leave, limit = (
        b.append_block(n) for n in ("look", "enter", "help", "late", "leave", "limit")
    )
    with _flushing(b):
        b.branch(look)
        b.position_at_end(look)
        spins, steps = b.phi(I64), b.phi(I64)
        now = b.load_atomic(wanted, "monotonic", I64, 8)
        b.cbranch(b.icmp_signed("<", number, now), enter, leave)
        b.position_at_end(enter)
        b.atomic_rmw("add", active, I64(1), "seq_cst")
        # The leader waits for all active workers. So if the step still accepts this worker now, it
        # lasts until the worker leaves.
        still = b.load_atomic(wanted, "seq_cst", I64, 8)
        b.cbranch(b.icmp_signed("<", number, still), helped, late)
        b.position_at_end(helped)
        _help_once(b, pool, number)
        b.atomic_rmw("sub", active, I64(1), "seq_cst")
        more = b.iadd(steps, I64(1))
        b.branch(look)
        b.position_at_end(late)
        b.atomic_rmw("sub", active, I64(1), "seq_cst")
        b.branch(leave)
        b.position_at_end(leave)
        pause(b)
        waited = b.iadd(spins, I64(1))
        b.cbranch(b.icmp_signed("<", waited, I64(SPINS)), look, limit)
        for value, before in ((I64(0), start), (I64(0), helped), (waited, leave)):
            spins.add_incoming(value, before)
        for value, before in ((I64(0), start), (more, helped), (steps, leave)):
            steps.add_incoming(value, before)
        b.position_at_end(limit)
    b.ret(steps)


def _help_once(b: Builder, pool: IRValue, number: IRValue) -> None:
    """Emit the call of the leader's program, with the worker's scratch memory."""
    call = load_word(b, pool, control_block.JOB, PTR)
    work = load_word(b, call, control_block.WORK_AT, PTR)
    bytes_ = b.imul(b.iadd(number, I64(1)), load_word(b, call, control_block.SCRATCH_BYTES))
    scratch = b.at(load_word(b, call, control_block.SCRATCH_AT, PTR), bytes_, I8)
    b.call_pointer(work, VOID, [call, scratch])


def _function(module: IRModule, name: str, result: IRType, arguments: list[IRType]) -> Builder:
    """Start a function that is called from outside."""
    return Builder(module.function(name, result, arguments))


def load_word(b: Builder, pointer: IRValue, position: int, type_: IRType = I64) -> IRValue:
    """Load a word of a control block."""
    return b.load(b.at(pointer, position, I64), type_, 8)


def _exchange(b: Builder, pointer: IRValue, position: int, value: IRValue) -> None:
    """Store a word that other threads read."""
    b.atomic_rmw("xchg", b.at(pointer, position, I64), value, "seq_cst")


def wait_until(b: Builder, call: IRValue, pointer: IRValue, sign: str, value: int) -> None:
    """Emit a loop that waits until a shared word satisfies a comparison.

    The thread it waits for may be descheduled, so it yields the processor now and then.
    """
    before = b.block
    look, again, give_way, onward, done = (
        b.append_block(n) for n in ("wait", "again", "give_way", "onward", "ready")
    )
    b.branch(look)
    b.position_at_end(look)
    rounds = b.phi(I64)
    rounds.add_incoming(I64(1), before)
    now = b.load_atomic(pointer, "acquire", I64, 8)
    b.cbranch(b.icmp_signed(sign, now, I64(value)), done, again)
    b.position_at_end(again)
    pause(b)
    long = b.and_(rounds, I64(_PATIENCE - 1))
    b.cbranch(b.icmp_signed("==", long, I64(0)), give_way, onward)
    b.position_at_end(give_way)
    b.call_pointer(load_word(b, call, control_block.YIELD_AT, PTR), VOID, [])
    b.branch(onward)
    b.position_at_end(onward)
    rounds.add_incoming(b.iadd(rounds, I64(1)), onward)
    b.branch(look)
    b.position_at_end(done)


def pause(b: Builder) -> None:
    """Emit the processor's pause instruction for spin loops, if it has one."""
    match architecture_of(b.module.triple):
        case Architecture.X86:
            b.call_by_name("llvm.x86.sse2.pause", VOID)
        case Architecture.ARM:
            b.call_by_name("llvm.aarch64.hint", VOID, I32(1))  # yield
        case _:
            pass


@contextmanager
def _flushing(b: Builder) -> Generator[None]:
    """Flush denormal numbers to zero in the code of the ``with`` block, then restore the mode.

    Multiply-adds with denormal numbers take up to fifty times as long.
    """
    match architecture_of(b.module.triple):
        case Architecture.X86:
            before, during = (b.alloca(I32) for _ in range(2))
            b.call_by_name("llvm.x86.sse.stmxcsr", VOID, before)
            mode = b.or_(b.load(before, I32), I32(_FLUSH_X86))
            b.store(mode, during)
            b.call_by_name("llvm.x86.sse.ldmxcsr", VOID, during)
            yield
            b.call_by_name("llvm.x86.sse.ldmxcsr", VOID, before)
        case Architecture.ARM:
            mode = b.call_by_name("llvm.aarch64.get.fpcr", I64)
            b.call_by_name("llvm.aarch64.set.fpcr", VOID, b.or_(mode, I64(_FLUSH_ARM)))
            yield
            b.call_by_name("llvm.aarch64.set.fpcr", VOID, mode)
        case _:
            yield

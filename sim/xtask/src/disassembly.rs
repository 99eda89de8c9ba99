// SPDX-License-Identifier: Apache-2.0
//! What `objdump -d` says of an Arm image: its functions with their addresses, calls, loops, instructions and what each takes of the stack.
//!
//! A call through a pointer has no name there, and a loop no bound: what stands behind one, and how often the other runs, is for the
//! caller to say.

use std::collections::BTreeMap;

use crate::loops::Ways;

/// One function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Function {
    /// Name; those of static functions may be there more than once.
    pub name: String,
    /// Its instructions.
    pub instructions: Vec<Instruction>,
    /// What it takes of the stack by itself, in bytes.
    pub frame: u64,
    /// What it calls or jumps to, by the address of the call.
    pub calls: BTreeMap<u64, u64>,
    /// Addresses of its calls through pointers.
    pub pointers: Vec<u64>,
    /// It branches by a table, and where to is not known here.
    pub switches: bool,
}

/// Where an instruction stands and leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub at: u64,
    /// The next one may follow it.
    pub goes_on: bool,
    /// It may jump there, within the function or out of it.
    pub jump: Option<u64>,
}

/// All functions by address.
pub(crate) struct Disassembly {
    functions: BTreeMap<u64, Function>,
}

impl Disassembly {
    /// From the text of `objdump -d --no-show-raw-insn`.
    pub(crate) fn new(text: &str) -> Self {
        let mut functions: BTreeMap<u64, Function> = BTreeMap::new();
        let mut here = 0;
        for line in text.lines() {
            if let Some((address, rest)) = line.split_once(" <")
                && let Some(name) = rest.strip_suffix(">:")
                && let Ok(address) = u64::from_str_radix(address, 16)
            {
                here = address;
                functions.entry(here).or_default().name = name.to_string();
                continue;
            }
            let mut fields = line.split('\t').skip(1);
            if let (Some(operation), Some(function)) = (fields.next(), functions.get_mut(&here)) {
                let at = line.split_once(':').and_then(|(at, _)| u64::from_str_radix(at.trim(), 16).ok());
                function.add(here, at.unwrap_or(here), operation.trim(), fields.next().unwrap_or_default());
            }
        }
        Self { functions }
    }

    /// The first function of that name.
    pub(crate) fn get(&self, name: &str) -> Option<u64> {
        self.functions.iter().find(|(_, function)| function.name == name).map(|(address, _)| *address)
    }

    /// The function at an address.
    pub(crate) fn at(&self, address: u64) -> Option<&Function> {
        self.functions.get(&address)
    }

    /// All functions with their addresses.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (u64, &Function)> {
        self.functions.iter().map(|(address, function)| (*address, function))
    }

    /// Its name.
    pub(crate) fn name(&self, address: u64) -> &str {
        self.at(address).map_or("?", |function| &function.name)
    }

    /// What is called at an address: the linker's way to a far function leads there.
    pub(crate) fn behind(&self, address: u64) -> u64 {
        let far = self.name(address).strip_prefix("__").and_then(|name| name.strip_suffix("_veneer"));
        far.and_then(|name| self.get(name)).unwrap_or(address)
    }

    /// The most that a call of this function takes of the stack, where a call through a pointer leads to one of `behind`, but for
    /// those of functions named in `nowhere`; a recursion is counted once.
    pub(crate) fn deepest(&self, address: u64, behind: &[u64], nowhere: &[&str]) -> u64 {
        self.deepest_below(address, (behind, nowhere), &mut Vec::new(), &mut BTreeMap::new())
    }

    fn deepest_below(
        &self,
        address: u64,
        behind: (&[u64], &[&str]),
        path: &mut Vec<u64>,
        known: &mut BTreeMap<u64, u64>,
    ) -> u64 {
        let address = self.behind(address);
        if let Some(bytes) = known.get(&address) {
            return *bytes;
        }
        let (Some(function), false) = (self.at(address), path.contains(&address)) else { return 0 };
        path.push(address);
        let points = !function.pointers.is_empty() && !behind.1.contains(&function.name.as_str());
        let pointed = behind.0.iter().filter(|_| points);
        let called = function.calls.values().chain(pointed);
        let below = called.map(|call| self.deepest_below(*call, behind, path, known)).max().unwrap_or(0);
        path.pop();
        known.insert(address, function.frame + below);
        function.frame + below
    }
}

impl Function {
    /// Whether it is the linker's way to a far function, which is no call.
    fn is_veneer(&self) -> bool {
        self.name.ends_with("_veneer")
    }

    fn add(&mut self, begin: u64, at: u64, operation: &str, operands: &str) {
        // Constants between the functions.
        if operation.starts_with('.') {
            return;
        }
        let base = operation.split('.').next().unwrap_or_default();
        let ends = matches!(base, "b" | "bx" | "udf")
            || (matches!(base, "pop" | "ldmia" | "ldr" | "mov")
                && operands.contains("pc")
                && leaves(base, operands));
        self.instructions.push(Instruction { at, goes_on: !ends, jump: None });
        match base {
            "push" => self.frame += 4 * registers(operands),
            "stmdb" if operands.starts_with("sp!") => self.frame += 4 * registers(operands),
            "vpush" => self.frame += if operands.contains('d') { 8 } else { 4 } * registers(operands),
            "sub" | "subw" if operands.starts_with("sp, ") => {
                self.frame += operands.split('#').nth(1).map_or(0, number);
            }
            _ => {}
        }
        // Within an IT block an instruction carries its condition: bxne, blxeq.
        let unconditional = match base.len() {
            4 if base.starts_with("bx") => "bx",
            5 if base.starts_with("blx") => "blx",
            _ => base,
        };
        let to_pointer = match unconditional {
            "blx" => !operands.contains('<'),
            "bx" => !operands.starts_with("lr"),
            "ldr" | "mov" => operands.starts_with("pc,"),
            _ => false,
        };
        self.switches |= matches!(base, "tbb" | "tbh");
        if to_pointer && !self.is_veneer() {
            self.pointers.push(at);
        }
        let Some((address, name)) = operands.rsplit_once(" <") else { return };
        let Some(Ok(target)) = address.split_whitespace().last().map(|word| u64::from_str_radix(word, 16))
        else {
            return;
        };
        let branches = base.starts_with('b') || base.starts_with("cb");
        if branches && base != "bl" {
            self.instructions.last_mut().expect("it was pushed above").jump = Some(target);
        }
        // A jump within a function is shown as NAME+OFFSET, or with the name of a constant of that value, which is no function.
        if branches && (base == "bl" || !name.contains('+')) && target != begin {
            self.calls.insert(at, target);
        }
    }

    /// Where each of its instructions leads, by index.
    pub(crate) fn ways(&self) -> Ways {
        let index_of = |at: u64| self.instructions.iter().position(|other| other.at == at);
        let count = self.instructions.len();
        (0..count)
            .zip(&self.instructions)
            .map(|(index, instruction)| {
                let next = (instruction.goes_on && index + 1 < count).then_some(index + 1);
                next.into_iter().chain(instruction.jump.and_then(index_of)).collect()
            })
            .collect()
    }
}

/// Whether it takes the program counter from the stack or from memory.
fn leaves(base: &str, operands: &str) -> bool {
    match base {
        "pop" | "ldmia" => operands.split('{').nth(1).is_some_and(|list| list.contains("pc")),
        _ => operands.starts_with("pc,"),
    }
}

fn number(text: &str) -> u64 {
    text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// How many registers stand in a list as `{r4, r5, lr}` or `{d8-d15}`.
fn registers(operands: &str) -> u64 {
    let list = operands.split(['{', '}']).nth(1).unwrap_or_default();
    list.split(',')
        .map(|part| match part.trim().split_once('-') {
            Some((first, last)) => number(&last[1..]).saturating_sub(number(&first[1..])) + 1,
            None => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
08000100 <outer>:
 8000100:\tpush\t{r4, r5, lr}
 8000102:\tvpush\t{d8-d11}
 8000104:\tsub.w\tsp, sp, #1024\t@ 0x400
 8000106:\tbl\t8000200 <inner>
 8000108:\tbne.n\t8000106 <outer+0x6>
 800010a:\tblx\tr3
 800010c:\tb.w\t20 <__tail_veneer>

00000010 <tail>:
  10:\tstmdb\tsp!, {r4, r5, r6, r7, r8, r9, sl, fp, lr}
  12:\tbx\tlr

00000020 <__tail_veneer>:
  20:\tldr.w\tpc, [pc, #0]
  24:\t.word\t0x00000010

08000200 <inner>:
 8000200:\tpush\t{r7, lr}
 8000202:\tbl\t8000300 <__aeabi_memcpy>
";

    #[test]
    fn functions_have_their_calls_and_frames() {
        let image = Disassembly::new(TEXT);
        let outer = image.get("outer").and_then(|address| image.at(address)).expect("it is there");
        assert_eq!((outer.instructions.len(), outer.frame), (7, 12 + 32 + 1024));
        assert_eq!(outer.calls, [(0x0800_0106, 0x0800_0200), (0x0800_010c, 0x20)].into());
        assert_eq!(outer.pointers, [0x0800_010a]);
        assert_eq!(outer.ways(), [vec![1], vec![2], vec![3], vec![4], vec![5, 3], vec![6], vec![]]);
        assert_eq!(image.behind(0x20), 0x10, "the linker's way to a far function");
        assert_eq!(image.deepest(0x0800_0100, &[], &[]), 1068 + 36);
        assert_eq!(image.deepest(0x0800_0100, &[0x0800_0200, 0x10], &[]), 1068 + 36, "one of them, not all");
    }

    #[test]
    fn a_recursion_ends() {
        let image = Disassembly::new(
            "00000001 <a>:\n 1:\tpush\t{r4}\n 3:\tbl\t2 <b>\n\n00000002 <b>:\n 2:\tbl\t1 <a>\n",
        );
        assert_eq!(image.deepest(1, &[], &[]), 4);
    }
}

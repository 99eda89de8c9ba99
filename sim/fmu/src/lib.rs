// SPDX-License-Identifier: Apache-2.0
//! The functions of FMI 2.0 for co-simulation, over [`Session`].
//!
//! `levitas fmu` packs this library, a description and a scenario into a file that others simulate. What the standard lets a model
//! leave out answers with an error: strings, integers, booleans, derivatives, states as bytes. All memory is the library's own.
//!
//! # Safety
//! Each function trusts its caller as far as the standard says: pointers are those of C or null, an instance is one of
//! [`fmi2Instantiate`] that has not been freed, arrays are as long as their count. A state goes back to the instance that it was taken from, and is
//! freed before it.
//!
//! # Source
//! Functional Mock-up Interface for Model Exchange and Co-Simulation 2.0.4, chapters 2 and 4.
#![allow(non_snake_case, reason = "the names are those of the standard")]
#![allow(clippy::missing_safety_doc, reason = "the standard's; see above")]
#![allow(clippy::missing_const_for_fn, clippy::too_many_arguments, reason = "signatures of C")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::PathBuf;
use std::ptr::null_mut;

use levitas::fmu::{SCENARIO_FILE, Session, guid};
use levitas::scenario::{Scenario, load};

/// `fmi2Status`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Well.
    Ok = 0,
    /// The step was not made, or only a part of it.
    Discard = 2,
    /// Refused; the instance is as it was.
    Error = 3,
}

type Logger = unsafe extern "C" fn(*mut c_void, *const c_char, Status, *const c_char, *const c_char, ...);

/// `fmi2CallbackFunctions`.
#[repr(C)]
pub struct Callbacks {
    logger: Option<Logger>,
    allocate: *const c_void,
    free: *const c_void,
    step_finished: *const c_void,
    environment: *mut c_void,
}

/// What others hold as `fmi2Component`.
pub struct Instance {
    /// None once the instance is freed: it borrows from `scenario`.
    session: Option<Session<'static>>,
    /// Owned; freed behind the session.
    scenario: *mut Scenario,
    name: CString,
    logger: Option<Logger>,
    environment: *mut c_void,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.session = None;
        // SAFETY: made by Box::into_raw in `open`, and nothing borrows from it any more.
        drop(unsafe { Box::from_raw(self.scenario) });
    }
}

impl Instance {
    fn open(resources: &str, name: &CStr, callbacks: &Callbacks) -> Result<Self, String> {
        let file = folder_of(resources)?.join(SCENARIO_FILE);
        let argument = file.to_str().ok_or("the path of the resources is not UTF-8")?;
        let scenario = load(argument, &[]).map_err(|error| error.to_string())?;
        let scenario = Box::into_raw(Box::new(scenario));
        let mut instance = Self {
            session: None,
            scenario,
            name: name.to_owned(),
            logger: callbacks.logger,
            environment: callbacks.environment,
        };
        instance.start()?;
        Ok(instance)
    }

    /// The loop before its first tick.
    fn start(&mut self) -> Result<(), String> {
        // SAFETY: the scenario lives until the instance is dropped, the session is dropped before it, and nobody changes it.
        let scenario: &'static Scenario = unsafe { &*self.scenario };
        self.session = Some(Session::new(scenario).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn refuse(&self, status: Status, text: &str) -> Status {
        say(self.logger, self.environment, &self.name, status, text);
        status
    }
}

/// One line to the caller's log.
fn say(logger: Option<Logger>, environment: *mut c_void, name: &CStr, status: Status, text: &str) {
    let (Some(logger), Ok(text)) = (logger, CString::new(text.replace('\0', " "))) else { return };
    // SAFETY: the caller's own function, with strings that end; the format takes one of them.
    unsafe { logger(environment, name.as_ptr(), status, c"error".as_ptr(), c"%s".as_ptr(), text.as_ptr()) };
}

/// A path from the URI of a folder.
fn folder_of(uri: &str) -> Result<PathBuf, String> {
    let path = uri.strip_prefix("file:").ok_or_else(|| format!("{uri} is no file: URI"))?;
    let path = path.strip_prefix("//").map_or(path, |rest| rest.strip_prefix("localhost").unwrap_or(rest));
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let decoded = if byte == b'%' {
            let digits: Option<Vec<u8>> = (0..2).map(|_| rest.next()).collect();
            let text = digits.and_then(|digits| String::from_utf8(digits).ok());
            let value = text.and_then(|text| u8::from_str_radix(&text, 16).ok());
            value.ok_or_else(|| format!("{uri} has a % without two hexadecimal digits"))?
        } else {
            byte
        };
        bytes.push(decoded);
    }
    let path = String::from_utf8(bytes).map_err(|_| format!("{uri} is not UTF-8"))?;
    // file:///C:/… has a slash before its drive.
    let is_drive = path.as_bytes().get(2) == Some(&b':');
    Ok(PathBuf::from(if is_drive { path.trim_start_matches('/') } else { &path }))
}

/// # Safety
/// See the [module](crate).
unsafe fn text<'a>(pointer: *const c_char) -> &'a CStr {
    if pointer.is_null() {
        return c"";
    }
    // SAFETY: a string of the caller's that ends.
    unsafe { CStr::from_ptr(pointer) }
}

/// # Safety
/// See the [module](crate).
unsafe fn instance<'a>(component: *mut c_void) -> Option<&'a mut Instance> {
    // SAFETY: null, or of `fmi2Instantiate`; C has no second reference.
    unsafe { component.cast::<Instance>().as_mut() }
}

/// Version of the standard.
#[unsafe(no_mangle)]
pub extern "C" fn fmi2GetVersion() -> *const c_char {
    c"2.0".as_ptr()
}

/// What the types are.
#[unsafe(no_mangle)]
pub extern "C" fn fmi2GetTypesPlatform() -> *const c_char {
    c"default".as_ptr()
}

/// An instance; null where type, GUID or scenario are refused, with a line in the log.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2Instantiate(
    name: *const c_char,
    kind: i32,
    said: *const c_char,
    resources: *const c_char,
    callbacks: *const Callbacks,
    _visible: i32,
    _logging: i32,
) -> *mut c_void {
    // SAFETY: strings and a structure of the caller's.
    let (name, said, resources, callbacks) =
        unsafe { (text(name), text(said), text(resources), callbacks.as_ref()) };
    let Some(callbacks) = callbacks else { return null_mut() };
    let opened = if kind != 1 {
        Err("this model is for co-simulation".to_owned())
    } else if said.to_bytes() != guid().as_bytes() {
        Err(format!("the description is of another library: {} is not {}", said.to_string_lossy(), guid()))
    } else {
        Instance::open(&resources.to_string_lossy(), name, callbacks)
    };
    match opened {
        Ok(instance) => Box::into_raw(Box::new(instance)).cast(),
        Err(problem) => {
            say(callbacks.logger, callbacks.environment, name, Status::Error, &problem);
            null_mut()
        }
    }
}

/// Frees an instance.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2FreeInstance(component: *mut c_void) {
    if !component.is_null() {
        // SAFETY: made by Box::into_raw in `fmi2Instantiate`, freed once.
        drop(unsafe { Box::from_raw(component.cast::<Instance>()) });
    }
}

/// Only errors are logged, and always.
#[unsafe(no_mangle)]
pub extern "C" fn fmi2SetDebugLogging(
    _component: *mut c_void,
    _on: i32,
    _count: usize,
    _categories: *const *const c_char,
) -> Status {
    Status::Ok
}

/// A scenario begins at 0 s.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2SetupExperiment(
    component: *mut c_void,
    _has_tolerance: i32,
    _tolerance: f64,
    start_s: f64,
    _has_stop: i32,
    _stop_s: f64,
) -> Status {
    // SAFETY: as the module says.
    let Some(instance) = (unsafe { instance(component) }) else { return Status::Error };
    if start_s == 0.0 {
        return Status::Ok;
    }
    instance.refuse(Status::Error, &format!("start time {start_s} s: a scenario begins at 0 s"))
}

/// Nothing happens in it.
#[unsafe(no_mangle)]
pub extern "C" fn fmi2EnterInitializationMode(component: *mut c_void) -> Status {
    if component.is_null() { Status::Error } else { Status::Ok }
}

/// Nothing happens in it.
#[unsafe(no_mangle)]
pub extern "C" fn fmi2ExitInitializationMode(component: *mut c_void) -> Status {
    if component.is_null() { Status::Error } else { Status::Ok }
}

/// Nothing has to be done at the end.
#[unsafe(no_mangle)]
pub extern "C" fn fmi2Terminate(component: *mut c_void) -> Status {
    if component.is_null() { Status::Error } else { Status::Ok }
}

/// Back to before the first tick.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2Reset(component: *mut c_void) -> Status {
    // SAFETY: as the module says.
    let Some(instance) = (unsafe { instance(component) }) else { return Status::Error };
    match instance.start() {
        Ok(()) => Status::Ok,
        Err(problem) => instance.refuse(Status::Error, &problem),
    }
}

/// Goes on by a step, or not at all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2DoStep(
    component: *mut c_void,
    now_s: f64,
    step_s: f64,
    _no_way_back: i32,
) -> Status {
    // SAFETY: as the module says.
    let Some(instance) = (unsafe { instance(component) }) else { return Status::Error };
    let advanced = instance.session.as_mut().map(|session| session.advance(now_s, step_s));
    if advanced == Some(Ok(())) {
        return Status::Ok;
    }
    // SAFETY: it lives as long as the instance.
    let end_s = unsafe { (*instance.scenario).duration_s };
    let problem = format!(
        "from {now_s} s by {step_s} s: a step begins where the last one has ended, and none leads back or beyond {end_s} s"
    );
    instance.refuse(Status::Discard, &problem)
}

/// Steps are over when they return.
#[unsafe(no_mangle)]
pub extern "C" fn fmi2CancelStep(_component: *mut c_void) -> Status {
    Status::Error
}

/// Values of channels and inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2GetReal(
    component: *mut c_void,
    references: *const u32,
    count: usize,
    values: *mut f64,
) -> Status {
    // SAFETY: as the module says.
    let Some(instance) = (unsafe { instance(component) }) else { return Status::Error };
    for index in 0..count {
        // SAFETY: both arrays have `count` places.
        let (reference, place) = unsafe { (*references.add(index), values.add(index)) };
        match instance.session.as_ref().and_then(|session| session.value(reference as usize)) {
            // SAFETY: as above.
            Some(value) => unsafe { *place = value },
            None => return instance.refuse(Status::Error, &format!("there is no variable {reference}")),
        }
    }
    Status::Ok
}

/// Values of inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2SetReal(
    component: *mut c_void,
    references: *const u32,
    count: usize,
    values: *const f64,
) -> Status {
    // SAFETY: as the module says.
    let Some(instance) = (unsafe { instance(component) }) else { return Status::Error };
    for index in 0..count {
        // SAFETY: both arrays have `count` places.
        let (reference, value) = unsafe { (*references.add(index), *values.add(index)) };
        if !instance.session.as_mut().is_some_and(|session| session.set(reference as usize, value)) {
            return instance.refuse(Status::Error, &format!("variable {reference} is no input"));
        }
    }
    Status::Ok
}

/// A copy of the state, into a place that is null or holds one of before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2GetFMUstate(component: *mut c_void, state: *mut *mut c_void) -> Status {
    // SAFETY: as the module says; `state` is a place of the caller's.
    let (Some(instance), Some(state)) = (unsafe { (instance(component), state.as_mut()) }) else {
        return Status::Error;
    };
    let Some(session) = instance.session.clone() else { return Status::Error };
    // SAFETY: null, or a state of before.
    unsafe { free_state(state) };
    *state = Box::into_raw(Box::new(session)).cast();
    Status::Ok
}

/// Back to a state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2SetFMUstate(component: *mut c_void, state: *mut c_void) -> Status {
    // SAFETY: as the module says; a state of `fmi2GetFMUstate`.
    let (Some(instance), Some(session)) =
        (unsafe { (instance(component), state.cast::<Session<'static>>().as_ref()) })
    else {
        return Status::Error;
    };
    instance.session = Some(session.clone());
    Status::Ok
}

/// Frees a state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fmi2FreeFMUstate(_component: *mut c_void, state: *mut *mut c_void) -> Status {
    // SAFETY: a place of the caller's, null or with a state.
    if let Some(state) = unsafe { state.as_mut() } {
        // SAFETY: as above.
        unsafe { free_state(state) };
    }
    Status::Ok
}

/// # Safety
/// See the [module](crate): null, or a state of [`fmi2GetFMUstate`].
unsafe fn free_state(state: &mut *mut c_void) {
    if !state.is_null() {
        // SAFETY: made by Box::into_raw in `fmi2GetFMUstate`; the place is null from here on.
        drop(unsafe { Box::from_raw(state.cast::<Session<'static>>()) });
        *state = null_mut();
    }
}

/// Functions of the standard that this model does not have: each answers with an error.
macro_rules! not_here {
    ($($name:ident($($type:ty),*);)*) => {$(
        /// Not part of this model.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(_component: *mut c_void, $(_: $type),*) -> Status {
            Status::Error
        }
    )*};
}

not_here! {
    fmi2GetInteger(*const u32, usize, *mut i32);
    fmi2GetBoolean(*const u32, usize, *mut i32);
    fmi2GetString(*const u32, usize, *mut *const c_char);
    fmi2SetInteger(*const u32, usize, *const i32);
    fmi2SetBoolean(*const u32, usize, *const i32);
    fmi2SetString(*const u32, usize, *const *const c_char);
    fmi2SerializedFMUstateSize(*mut c_void, *mut usize);
    fmi2SerializeFMUstate(*mut c_void, *mut c_char, usize);
    fmi2DeSerializeFMUstate(*const c_char, usize, *mut *mut c_void);
    fmi2GetDirectionalDerivative(*const u32, usize, *const u32, usize, *const f64, *mut f64);
    fmi2SetRealInputDerivatives(*const u32, usize, *const i32, *const f64);
    fmi2GetRealOutputDerivatives(*const u32, usize, *const i32, *mut f64);
    fmi2GetStatus(i32, *mut Status);
    fmi2GetRealStatus(i32, *mut f64);
    fmi2GetIntegerStatus(i32, *mut i32);
    fmi2GetBooleanStatus(i32, *mut i32);
    fmi2GetStringStatus(i32, *mut *const c_char);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_from_its_uri() {
        for (uri, path) in [
            ("file:///tmp/a%20b/resources", "/tmp/a b/resources"),
            ("file:/tmp/x", "/tmp/x"),
            ("file://localhost/tmp/x", "/tmp/x"),
            ("file:///C:/x", "C:/x"),
        ] {
            assert_eq!(folder_of(uri), Ok(PathBuf::from(path)), "{uri}");
        }
        for uri in ["http://x", "/tmp/x", "file:///a%2", "file:///a%zz", "file:///a%ff"] {
            assert!(folder_of(uri).is_err(), "{uri}");
        }
    }
}

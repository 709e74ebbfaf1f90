// A page of the same origin as the API and Coatcheck. The session is in a cookie that no
// script can read; the page knows of it only what GET /session tells.

const at = (id) => document.getElementById(id);
const show = (id, visible) => { at(id).hidden = !visible; };
const say = (text) => { at("status").textContent = text; };

// Why a session is over, as Coatcheck tells the holder of the genuine cookie alone.
const reasons = {
  signed_out: "You signed out.",
  ended_by_user: "It was ended from another device of yours.",
  ended_by_admin: "An operator ended your session.",
  idle_timeout: "Your session was not used for a while.",
  absolute_timeout: "Your session reached the longest time that one may last.",
  session_limit: "You signed in on more devices than are allowed at once.",
  replaced: "A newer sign-in took its place.",
  roles_changed: "What you may do has changed.",
  password_changed: "Your password was changed.",
  account_disabled: "Your account is disabled.",
  token_reuse: "Somebody used an old copy of your session.",
  ended_everywhere: "Everybody was signed out.",
};

const undecided = "Sessions cannot be checked right now. You are still signed in; try again in a moment.";

// ask sends a request to this page's own origin. The browser adds the cookie, and to what
// changes something the Origin by which Coatcheck knows this page.
async function ask(method, path, body) {
  const options = { method, cache: "no-store" };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(path, options);
    return { status: response.status, body: await response.json().catch(() => ({})) };
  } catch {
    return { status: 0, body: {} }; // no answer at all
  }
}

function signedOut(problem) {
  show("signed-in", false);
  show("confirm", false);
  show("sign-in", true);
  say(reasons[problem.reason] ?? "");
}

function signedIn(session) {
  show("sign-in", false);
  show("confirm", false);
  show("signed-in", true);
  at("who").textContent = session.subject;
  at("until").textContent = new Date(session.expiresAt).toLocaleTimeString();
  say("");
}

// look asks Coatcheck who is signed in, and shows it. It returns whether somebody is:
// undefined where that is not known, in which case nothing on the page changes.
async function look() {
  const { status, body } = await ask("GET", "/session");
  if (status === 200) {
    signedIn(body.session);
    return true;
  }
  if (status === 401) {
    signedOut(body);
    return false;
  }
  say(undecided);
  return undefined;
}

let again = () => {}; // what a fresh sign-in was asked for

// call calls the API. An HTTP API says 403 to whatever its authorizer refuses and 500
// where that decided nothing; Coatcheck itself tells which refusal it is.
async function call(method, path) {
  const { status, body } = await ask(method, path);
  if (status === 200) {
    say("");
    at("answer").textContent = JSON.stringify(body, null, 2);
    return;
  }
  if (status === 0 || status >= 500) {
    say(undecided);
    return;
  }
  if (await look()) { // there is a session, so it is a role or a fresh sign-in that lacks
    say("Not allowed without a fresh sign-in.");
    again = () => call(method, path);
    show("confirm", true);
    at("again").focus();
  }
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const credentials = { username: at("username").value, password: at("password").value };
  at("password").value = "";
  const { status, body } = await ask("POST", "/login", credentials);
  if (status === 200) {
    signedIn(body.session);
  } else {
    say(body.title ?? undecided);
  }
});

at("confirm").addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = at("again").value;
  at("again").value = "";
  const { status, body } = await ask("POST", "/login/reauth", { password });
  if (status === 200) {
    signedIn(body.session); // another session, and another cookie with it
    await again();
  } else if (status === 401 && body.reason) {
    signedOut(body);
  } else {
    say(body.title ?? undecided);
  }
});

at("sign-out").addEventListener("click", async () => {
  const { status } = await ask("POST", "/logout");
  if (status === 0 || status >= 500) {
    say("You may still be signed in: " + undecided);
    return;
  }
  at("answer").textContent = "";
  signedOut({ reason: "signed_out" });
});

at("call").addEventListener("click", () => call("GET", "/api/me"));
at("pay").addEventListener("click", () => call("POST", "/api/payments"));

await look();

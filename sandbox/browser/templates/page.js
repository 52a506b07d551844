(() => {
  const all = (what, from) => [...(from || document).querySelectorAll(what)];
  const menu = document.getElementById("menu");
  if (menu && window.innerWidth < 736) menu.open = false;
  // What was done is said once, not at every reload.
  const here = new URL(window.location.href);
  if (here.searchParams.has("_done")) {
    here.searchParams.delete("_done");
    window.history.replaceState(null, "", here);
  }
  // A second click while the first is under way does nothing.
  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (sent.ariaBusy) { event.preventDefault(); return; }
    if (event.submitter && event.submitter.className === "setvalues") return;
    sent.ariaBusy = "true";
    setTimeout(() => { sent.ariaBusy = null; }, 15000);
  });
  window.addEventListener("pageshow", () => all("form").forEach((one) => { one.ariaBusy = null; }));
  // Buttons of a list go by the marked rows. One that is off can still be reached, and says why.
  const list = document.getElementById("list");
  const marks = all('#list input[name="_rows"]');
  const told = document.getElementById("why");
  const reason = (button, chosen) => {
    const need = button.dataset.rows;
    if (need === "any") return "";
    if (need === "one" && chosen.length !== 1) return list.dataset.one;
    if (chosen.length === 0) return list.dataset.some;
    const barred = chosen.map((one) => one.closest("tr")).filter((row) => row.dataset.barred.split(" ").includes(button.dataset.name));
    if (!barred.length) return "";
    return button.dataset.why || `${list.dataset.not} ${barred.map((row) => row.dataset.title).join(", ")}`;
  };
  const follow = () => {
    const chosen = marks.filter((one) => one.checked);
    marks.forEach((one) => one.closest("tr").classList.toggle("on", one.checked));
    all("#list button[data-rows]").forEach((button) => {
      const why = reason(button, chosen);
      button.title = why || button.dataset.hint || "";
      if (why) button.setAttribute("aria-disabled", "true"); else button.removeAttribute("aria-disabled");
    });
    if (told) told.textContent = "";
  };
  if (list) {
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button[aria-disabled]");
      if (!button) return;
      event.preventDefault();
      told.textContent = button.title;
    });
    // Enter on a mark would press the first button of the page, whatever that does.
    list.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.type === "checkbox") event.preventDefault(); });
    const whole = document.getElementById("all");
    if (whole) whole.addEventListener("change", () => { marks.forEach((one) => { one.checked = whole.checked; }); follow(); });
    marks.forEach((one) => one.addEventListener("change", follow));
    all("tbody tr", list).forEach((row) => row.addEventListener("click", (event) => {
      const mark = row.querySelector('input[name="_rows"]');
      if (mark && !event.target.closest("a,input,button") && !String(window.getSelection())) mark.click();
    }));
    window.addEventListener("pageshow", follow);
    follow();
    // A list that asks for it is read anew, but never under somebody's hand.
    const seconds = Number(list.dataset.autoupdate);
    if (seconds) setInterval(() => {
      if (document.hidden || marks.some((one) => one.checked) || list.contains(document.activeElement)) return;
      window.location.replace(`?${list.dataset.here}`);
    }, seconds * 1000);
  }
  // Fields of a form that a value hides, choices that depend on another, forms that are evaluated anew.
  const form = document.getElementById("form");
  if (!form) return;
  const value = (one) => (one.type === "checkbox" ? (one.checked ? "on" : "off") : one.value);
  const show = () => {
    const hidden = new Set();
    all("[data-if]", form).forEach((one) => {
      if (!one.dataset.if || (one.type === "radio" && !one.checked)) return;
      JSON.parse(one.dataset.if).forEach(([at, target]) => { if (value(one) === at) hidden.add(target); });
    });
    all("[data-field]", form).forEach((one) => { one.hidden = hidden.has(one.dataset.field); one.style.display = one.hidden ? "none" : ""; });
    all("select[data-depend]", form).forEach((one) => {
      const parent = form.elements[one.dataset.depend];
      all("option[data-depend]", one).forEach((choice) => { choice.disabled = choice.hidden = Boolean(parent) && choice.dataset.depend !== parent.value; });
      if (one.selectedOptions[0] && one.selectedOptions[0].disabled) one.selectedIndex = [...one.options].findIndex((each) => !each.disabled);
    });
  };
  all(".setvalues", form).forEach((one) => { one.style.display = "none"; });
  all("tbody tr", form).forEach((row) => row.addEventListener("click", (event) => {
    const mark = row.querySelector("td.mark input");
    if (mark && event.target !== mark) mark.click();
  }));
  form.addEventListener("input", show);  // as one types: a page that moves at a click loses it
  form.addEventListener("change", (event) => {
    show();
    const anew = event.target.dataset.setvalues && all(".setvalues", form).find((one) => one.value.split("|")[2] === event.target.name);
    if (anew) anew.click();
  });
  show();
  const wrong = form.querySelector('[aria-invalid="true"]');
  if (wrong) wrong.focus();
})();

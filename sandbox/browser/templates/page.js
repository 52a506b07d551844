(() => {
  const all = (what, from) => [...(from || document).querySelectorAll(what)];
  const menu = document.getElementById("menu");
  if (menu && window.innerWidth < 736) menu.open = false;
  // Buttons of a list go by the marked rows.
  const marks = all('#list input[name="_rows"]');
  const follow = () => {
    const chosen = marks.filter((one) => one.checked);
    all("#list button[data-rows]").forEach((button) => {
      const need = button.dataset.rows;
      const barred = chosen.some((one) => one.closest("tr").dataset.barred.split(" ").includes(button.dataset.name));
      button.disabled = need !== "any" && (chosen.length === 0 || (need === "one" && chosen.length !== 1) || barred);
    });
  };
  const whole = document.getElementById("all");
  if (whole) {
    whole.addEventListener("change", () => { marks.forEach((one) => { one.checked = whole.checked; }); follow(); });
    marks.forEach((one) => one.addEventListener("change", follow));
    window.addEventListener("pageshow", follow);
    follow();
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
  form.addEventListener("change", (event) => {
    show();
    if (event.target.dataset.setvalues) event.target.parentElement.querySelector(".setvalues").click();
  });
  show();
})();

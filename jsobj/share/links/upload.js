"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const form = find("form"), file = find("file"), bar = find("bar"), button = form.querySelector("button");
  const say = (text) => { find("said").textContent = text; };
  const words = {
    400: "The file is larger than is allowed, or empty.", 401: "This link has ended.",
    403: "This link has ended, or does not allow this.", 404: "The place for it is not there any more.",
    412: "A file of this name was sent already: rename yours.", 413: "The file is larger than is allowed.",
    507: "There is no room left for it.",
  };
  form.addEventListener("submit", (event) => {
    const chosen = file.files[0];
    if (data.largest && chosen.size > data.largest) {
      event.preventDefault();
      say("The file is larger than is allowed.");
      return;
    }
    const posts = data.method === "POST";
    if (posts && new URL(data.url).origin !== location.origin) return; // the browser sends the form by itself
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.open(data.method, posts ? data.url : data.url + encodeURIComponent(chosen.name) + "?" + data.query);
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) bar.value = step.loaded / step.total;
    });
    request.addEventListener("loadend", () => {
      button.disabled = false;
      bar.hidden = true;
      if (request.status >= 200 && request.status < 300) say("Sent: " + chosen.name);
      else if (request.status) say(words[request.status] || "The server refused it: HTTP " + request.status);
      else say("The connection broke. Nothing may have arrived: send it again.");
    });
    button.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    say("Sending " + chosen.name);
    const body = posts ? new FormData(form) : chosen;
    if (!posts) request.setRequestHeader("If-None-Match", "*");
    request.send(body);
  });
})();

/** What is printed: the map in light colours, then what the panel shows. */
class Paper {
  constructor(page) {
    addEventListener("beforeprint", () => {
      const picture = page.view.picture(page.theme.onPaper), sheet = find("#paper");
      Object.assign(sheet, { width: picture.width, height: picture.height });
      sheet.getContext("2d").drawImage(picture, 0, 0);
    });
  }
}
